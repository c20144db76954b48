import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

export const composeFolder = fileURLToPath(new URL('../../deploy/compose/', import.meta.url))

export interface ComposeService {
  readonly image: string
  readonly user?: string
  readonly command?: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly environment?: Readonly<Record<string, string | number>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly networks?: readonly string[]
  readonly stop_grace_period?: string
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean }
  readonly [key: string]: unknown
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly volumes: Readonly<Record<string, unknown>>
}

/** deploy/compose/compose.yaml, with its anchors and merges carried out. */
export function readComposeFile(): ComposeFile {
  return parse(readFileSync(join(composeFolder, 'compose.yaml'), 'utf8'), { merge: true }) as ComposeFile
}

/** The environment of a service, as text. */
export function environmentOf({ environment = {} }: ComposeService): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)]))
}
