import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type ErrorRow, errorTable } from '../src/errors.ts'

/**
 * Writes docs/errors.md and three files of src/error-rows out of the error table. Run it after every change of the
 * table, and when an SDK makes an error that it made nowhere before: node schemas/scripts/write-error-docs.ts
 */
export const errorDocsFile = new URL('../../docs/errors.md', import.meta.url)
export const sdkErrorsFile = new URL('../src/error-rows/generated.ts', import.meta.url)
const root = fileURLToPath(new URL('../..', import.meta.url))
export const httpErrorsFile = new URL('../src/error-rows/over-http.ts', import.meta.url)
export const sdkHintsFile = new URL('../src/error-rows/hints.ts', import.meta.url)
/** They are made in every program that ends, so nothing is loaded for them. */
const usual = new Set(['CLOSED', 'ABORTED'])
/** Errors that no request of a stream leads to: durable streams, users, quotas, changes of the cluster. */
const overHttp =
  /^(STREAM|UNKNOWN_(STREAM|QUOTA|USER|TOKEN)$|TOO_MANY_(QUOTAS|USERS|TOKENS|ACLS)$|(MEMBERS|CHANGE|TRANSFER)_|INVALID_MEMBERS$|BROKER_IN_USE$|QUORUM_ALIVE$|DATA_LOSS|RUNTIME_MISSING$|CASCADE_CYCLE$|BROKER_IDENTITY|FEATURE_LEVEL_UNSUPPORTED$)/
const generatedHead =
  '// biome-ignore-all format: written by schemas/scripts/write-error-docs.ts out of ../errors.ts; do not edit.'
/** Tests, and what only Node.js or brokers run. */
const notInPages = /\.test\.ts$|\/testing\/|\/(node|check-records|tls-faults|password)\.ts$/
const sdkSources = '{schemas,client,producer,consumer,admin}/src/**/*.ts'

/** The text that docs/errors.md must have. */
export function errorDocs(): string {
  const rows = Object.entries<ErrorRow>(errorTable).map(
    ([code, { status, retriable, message, hint }]) =>
      `| \`${code}\` | ${status} | ${retriable ? 'yes' : 'no'} | ${cell(message)} | ${cell(hint)} |`,
  )
  return `# Errors

Every error that Tailrace shows has a code of this table: over HTTP as JSON with the given status, on WebSocket as a \`Failure\` frame or an
\`"op":"error"\` text frame, and in the SDKs as a \`TailraceError\`. All carry \`code\`, \`message\`, \`retriable\` and \`hint\`; the message
may go on with a detail. *Retriable* means that the same request may succeed later, unchanged.

| code | HTTP | retriable | meaning | what to do |
| --- | --- | --- | --- | --- |
${rows.join('\n')}

Written by \`schemas/scripts/write-error-docs.ts\` out of \`schemas/src/errors.ts\`.
`
}

/** The text of src/error-rows/generated.ts: a browser gets the words of no error that only brokers tell. */
export function sdkErrors(): string {
  const { own, told } = rows()
  return `${generatedHead}
/** Of errors that an SDK makes itself: status, 1 for retriable, message; hint where hints.ts has none. */
export const sdkErrors: Readonly<Record<string, readonly [number, 0 | 1, string, string?]>> = {
${own.map(([code, row]) => `  ${code}: ${JSON.stringify(cells(code, row))},\n`).join('')}}

/** The codes of others by their HTTP status: their text and advice come from a broker. */
export const toldErrors: Readonly<Record<number, string>> = ${byStatus(told.filter(([code]) => !overHttp.test(code)))}
`
}

/** The text that src/error-rows/over-http.ts must have. */
export function httpErrors(): string {
  return `${generatedHead}
/** As toldErrors, of errors that only requests over HTTP lead to: a page loads them with what sends such requests. */
export const httpErrors: Readonly<Record<number, string>> = ${byStatus(rows().told.filter(([code]) => overHttp.test(code)))}
`
}

function byStatus(errors: readonly [string, ErrorRow][]): string {
  const statuses = [...new Set(errors.map(([, { status }]) => status))].sort()
  const codesOf = (status: number): string =>
    errors.flatMap(([code, row]) => (row.status === status ? code : [])).join(' ')
  return `{\n${statuses.map((status) => `  ${status}: '${codesOf(status)}',\n`).join('')}}`
}

/** The text that src/error-rows/hints.ts must have. */
export function sdkHints(): string {
  const later = rows().own.filter(([code]) => !usual.has(code))
  return `${generatedHead}
/** The advice of errors that an SDK makes itself, which a page loads with the first of them. */
export const hints: Readonly<Record<string, string>> = {
${later.map(([code, { hint }]) => `  ${code}: ${JSON.stringify(hint)},\n`).join('')}}
`
}

function rows(): Record<'own' | 'told', [string, ErrorRow][]> {
  const made = codesMadeBySdks()
  const all = Object.entries<ErrorRow>(errorTable)
  return { own: all.filter(([code]) => made.has(code)), told: all.filter(([code]) => !made.has(code)) }
}

function codesMadeBySdks(): Set<string> {
  const files = globSync(sdkSources, { cwd: root }).filter((file) => !notInPages.test(file))
  const texts = files.map((file) => readFileSync(`${root}/${file}`, 'utf8'))
  return new Set(texts.flatMap((text) => [...text.matchAll(/TailraceError\(\s*'([A-Z_]+)'/g)].map(([, code]) => code!)))
}

function cells(code: string, { status, retriable, message, hint }: ErrorRow): (number | string)[] {
  return [status, retriable ? 1 : 0, message, ...(usual.has(code) ? [hint] : [])]
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

if (import.meta.main) {
  writeFileSync(errorDocsFile, errorDocs())
  writeFileSync(sdkErrorsFile, sdkErrors())
  writeFileSync(sdkHintsFile, sdkHints())
  writeFileSync(httpErrorsFile, httpErrors())
}
