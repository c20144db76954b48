import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type ErrorRow, errorTable } from '../src/errors.ts'

/**
 * Writes docs/errors.md and src/error-rows/generated.ts out of the error table. Run it after every change of the table,
 * and when an SDK makes an error that it made nowhere before: node schemas/scripts/write-error-docs.ts
 */
export const errorDocsFile = new URL('../../docs/errors.md', import.meta.url)
export const sdkErrorsFile = new URL('../src/error-rows/generated.ts', import.meta.url)
const root = fileURLToPath(new URL('../..', import.meta.url))
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

/** The text that src/error-rows/generated.ts must have: a browser gets the words of no error that only brokers tell. */
export function sdkErrors(): string {
  const made = codesMadeBySdks()
  const rows = Object.entries<ErrorRow>(errorTable)
  const own = rows.filter(([code]) => made.has(code))
  const told = rows.filter(([code]) => !made.has(code))
  return `// biome-ignore-all format: written by schemas/scripts/write-error-docs.ts out of ../errors.ts; do not edit.
import type { ErrorRow } from '../errors.ts'

/** The rows of errors that an SDK makes itself. */
export const sdkErrors: Readonly<Record<string, ErrorRow>> = {
${own.map(([code, row]) => `  ${code}: ${JSON.stringify(row)},\n`).join('')}}

/** The HTTP status of all others: their text and advice come from a broker. */
export const toldErrors: Readonly<Record<string, number>> = {
${told.map(([code, { status }]) => `  ${code}: ${status},\n`).join('')}}
`
}

function codesMadeBySdks(): Set<string> {
  const files = globSync(sdkSources, { cwd: root }).filter((file) => !/\.test\.ts$|\/testing\//.test(file))
  const texts = files.map((file) => readFileSync(`${root}/${file}`, 'utf8'))
  return new Set(texts.flatMap((text) => [...text.matchAll(/TailraceError\(\s*'([A-Z_]+)'/g)].map(([, code]) => code!)))
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

if (import.meta.main) {
  writeFileSync(errorDocsFile, errorDocs())
  writeFileSync(sdkErrorsFile, sdkErrors())
}
