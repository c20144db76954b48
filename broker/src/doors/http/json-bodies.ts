import { isUtf8 } from 'node:buffer'
import { TailraceError } from '@tailrace/schemas'
import type { FastifyInstance } from 'fastify'
import { checkValues } from '../json/json-values.ts'

/** JSON is UTF-8 (RFC 8259): other bytes would be stored as another text than was sent. */
export function parseJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer
    try {
      checkCharset(request.headers['content-type'])
      if (!isUtf8(bytes)) {
        throw new TailraceError('INVALID_REQUEST', 'The body is not UTF-8; other bytes go into {"base64": "…"}.')
      }
      checkValues(bytes)
    } catch (error) {
      done(error as TailraceError)
      return
    }
    parse(request, bytes.toString('utf8'), done)
  })
}

/** @throws TailraceError INVALID_REQUEST: the charset that it names is not UTF-8 */
export function checkCharset(contentType = ''): void {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType)?.[1]
  if (charset === undefined || /^utf-?8$/i.test(charset)) return
  throw new TailraceError('INVALID_REQUEST', `The charset ${JSON.stringify(charset.slice(0, 40))} is not UTF-8.`)
}
