import { writeFileSync } from 'node:fs'
import { type ErrorRow, errorTable } from '../src/errors.ts'

/**
 * Writes docs/errors.md out of the error table. Run it after every change of the table: node
 * schemas/scripts/write-error-docs.ts
 */
export const errorDocsFile = new URL('../../docs/errors.md', import.meta.url)

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

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

if (import.meta.main) writeFileSync(errorDocsFile, errorDocs())
