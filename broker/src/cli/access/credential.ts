import { UsageError } from '../command-failure.ts'
import type { Terminal } from '../terminal.ts'
import { type CredentialLevel, chooseCredential, type Secret } from './credential-choice.ts'

/** As the SDKs take it. */
export type Credential = { readonly username: string; readonly password: string } | { readonly token: string }

/** Flags of every command that asks a broker. */
export interface CredentialFlags {
  readonly user?: string
  readonly passwordFile?: string
  readonly tokenFile?: string
}

/** Reads a file that is closed to other users. */
export type ReadSecret = (path: string) => Promise<string>

/**
 * The credential of the caller, with its secret; null: there is none. `profile`: what a profile says, after flags and
 * environment. A person is asked for a password that no place has.
 * @throws UsageError: a file cannot be used, or places contradict each other
 */
export async function readCredential(
  flags: CredentialFlags,
  profile: CredentialLevel | null,
  terminal: Pick<Terminal, 'environment' | 'hidden'>,
  read: ReadSecret,
): Promise<Credential | null> {
  const levels = [levelOfFlags(flags), levelOfEnvironment(terminal.environment), ...(profile === null ? [] : [profile])]
  const choice = chooseCredential(levels)
  if (choice === null) return null
  if ('token' in choice) return { token: asHeader(await textOf(choice.token, 'token', read)) }
  const { user: username, password } = choice
  if (password !== null) return { username, password: await textOf(password, 'password', read) }
  const typed = await terminal.hidden?.(`Password of ${username}: `)
  if (typed === undefined) {
    const ways = 'give --password-file FILE or TAILRACE_PASSWORD; standard input is no terminal to ask at'
    throw new UsageError(`the password of ${username} is missing: ${ways}`)
  }
  if (typed === '') throw new UsageError('the password is empty')
  return { username, password: typed }
}

function levelOfFlags({ user, passwordFile, tokenFile }: CredentialFlags): CredentialLevel {
  return {
    origin: 'flags',
    user,
    password: inFile(passwordFile, '--password-file'),
    token: inFile(tokenFile, '--token-file'),
  }
}

function levelOfEnvironment(environment: Terminal['environment']): CredentialLevel {
  const given = (name: string): string | undefined => environment[name] || undefined
  const secret = (name: string): Secret | undefined => {
    const [text, file] = [given(name), given(`${name}_FILE`)]
    if (text === undefined) return inFile(file, `${name}_FILE`)
    if (file !== undefined) throw new UsageError(`${name} and ${name}_FILE are both set; give one of them`)
    return { text }
  }
  return {
    origin: 'environment',
    user: given('TAILRACE_USER'),
    password: secret('TAILRACE_PASSWORD'),
    token: secret('TAILRACE_TOKEN'),
  }
}

function inFile(file: string | undefined, origin: string): Secret | undefined {
  return file === undefined ? undefined : { file, origin }
}

async function textOf(secret: Secret, what: string, read: ReadSecret): Promise<string> {
  if ('text' in secret) return oneLine(secret.text, `the ${what}`)
  const { file, origin } = secret
  const text = await read(file).catch((error: Error) => {
    throw new UsageError(`${origin} cannot be used: ${error.message}`, { cause: error })
  })
  return oneLine(text, `the ${what} in ${file}`)
}

/** Files end with a line end that belongs to no secret. */
function oneLine(text: string, what: string): string {
  const line = text.replace(/\r?\n$/, '')
  if (line === '') throw new UsageError(`${what} is empty`)
  if (/[\r\n]/.test(line)) throw new UsageError(`${what} has more than one line`)
  return line
}

/** It goes into a header. */
function asHeader(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new UsageError('the token has characters that no token has')
}
