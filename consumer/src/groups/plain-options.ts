import { type ClientOptions, clientOptionNames } from '@tailrace/client'

/** Those that a client takes, of a consumer's. */
export function plainOptions(options: ClientOptions): ClientOptions {
  const given = clientOptionNames.filter((name) => options[name] !== undefined).map((name) => [name, options[name]])
  return Object.fromEntries(given) as unknown as ClientOptions
}
