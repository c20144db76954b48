import { TailraceError } from '@tailrace/schemas/tailrace-error'

/**
 * Parses the text of a configuration file by its ending: .json, .yaml or .yml. Throws INVALID_SETTING with the place of
 * a mistake.
 */
export async function parseConfigFile(text: string, path: string): Promise<unknown> {
  const ending = /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase()
  if (ending === 'json') return parseWith(JSON.parse, text, path)
  // Loaded on demand: most brokers start without a file, and start-up time counts.
  if (ending === 'yaml' || ending === 'yml') {
    const { parse } = await import('./yaml.ts')
    return parseWith((content) => parse(content, { logLevel: 'error' }), text, path)
  }
  throw new TailraceError('INVALID_SETTING', `The configuration file ${path} must end in .json, .yaml or .yml.`)
}

function parseWith(parse: (text: string) => unknown, text: string, path: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new TailraceError('INVALID_SETTING', `${path} cannot be read: ${message}`, { cause: error })
  }
}
