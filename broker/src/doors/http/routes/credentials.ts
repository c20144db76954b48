import { TailraceError } from '@tailrace/schemas'
import type { FastifyInstance } from 'fastify'
import type { StoredCredentials } from '../../../api/security-api.ts'
import { errorResponses } from '../schemas.ts'
import { addedBody, credentialsBody, credentialsPage, credentialsQuery } from '../security-schemas.ts'

/** Users and tokens as a cluster stores them, for a copy of it: what backups need. */
export function credentialRoutes(app: FastifyInstance): void {
  app.get<{ Querystring: { after?: string } }>(
    '/security/credentials',
    { schema: schemas.exportCredentials },
    async ({ context, query: { after = null } }, reply) => {
      const { security } = context.rights
      if (!context.sender.secret) throw inClear()
      reply.header('cache-control', 'no-store')
      return security.exportCredentials(after)
    },
  )

  app.post<{ Body: StoredCredentials }>(
    '/security/credentials',
    { schema: schemas.importCredentials },
    async ({ context, body }) => {
      const { security } = context.rights
      if (!context.sender.secret) throw inClear()
      return security.importCredentials(body)
    },
  )
}

function inClear(): TailraceError {
  return new TailraceError('INVALID_REQUEST', 'Stored credentials are sent over TLS, or on this machine itself.')
}

const tags = ['security']
const schemas = {
  exportCredentials: {
    tags,
    summary: 'Export users and tokens as they are stored',
    operationId: 'exportCredentials',
    querystring: credentialsQuery,
    response: {
      200: { description: 'Neither passwords nor texts of tokens; for super users alone.', ...credentialsPage },
      ...errorResponses,
    },
  },
  importCredentials: {
    tags,
    summary: 'Add users and tokens that were exported',
    operationId: 'importCredentials',
    body: credentialsBody,
    response: {
      200: { description: 'How many were added. Those that existed stay as they are.', ...addedBody },
      ...errorResponses,
    },
  },
} as const
