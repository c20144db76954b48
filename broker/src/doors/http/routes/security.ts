import { TailraceError } from '@tailrace/schemas'
import type { FastifyInstance } from 'fastify'
import type { AccessQuestion, Acl, AclFilter, TokenRequest } from '../../../api/security-api.ts'
import { array, object, string } from '../schema-parts.ts'
import { errorResponses } from '../schemas.ts'
import {
  aclsBody,
  answerBody,
  filterQuery,
  passwordBody,
  questionBody,
  tokenBody,
  tokenParams,
  userParams,
} from '../security-schemas.ts'
import { credentialRoutes } from './credentials.ts'
import { quotaRoutes } from './quotas.ts'

/** Credentials that the cluster keeps, and the rules of who may do what and how much. */
export function securityRoutes(app: FastifyInstance): void {
  userRoutes(app)
  tokenRoutes(app)
  credentialRoutes(app)
  aclRoutes(app)
  quotaRoutes(app)
}

function userRoutes(app: FastifyInstance): void {
  app.get('/security/users', { schema: schemas.listUsers }, async ({ context }) => ({
    users: context.rights.security.listUsers(),
  }))

  app.put<{ Params: { user: string }; Body: { password: string } }>(
    '/security/users/:user',
    { schema: schemas.setPassword },
    async ({ context, params, body }, reply) => {
      const { security } = context.rights
      if (!context.sender.secret) {
        throw new TailraceError('INVALID_REQUEST', 'A password is taken over TLS, or from this machine itself.')
      }
      await security.setPassword(params.user, body.password)
      reply.code(204)
    },
  )

  app.delete<{ Params: { user: string } }>(
    '/security/users/:user',
    { schema: schemas.deleteUser },
    async ({ context, params }, reply) => {
      await context.rights.security.deleteUser(params.user)
      reply.code(204)
    },
  )
}

function tokenRoutes(app: FastifyInstance): void {
  app.get('/security/tokens', { schema: schemas.listTokens }, async ({ context }) => ({
    tokens: context.rights.security.listTokens(),
  }))

  app.post<{ Body: Pick<TokenRequest, 'principal'> & Partial<TokenRequest> }>(
    '/security/tokens',
    { schema: schemas.createToken },
    async ({ context, body: { principal, scope = null, lifetimeMs = null } }, reply) => {
      const created = await context.rights.security.createToken({ principal, scope, lifetimeMs })
      // The text of a token is in no cache.
      reply.code(201).header('cache-control', 'no-store')
      return created
    },
  )

  app.delete<{ Params: { id: string } }>(
    '/security/tokens/:id',
    { schema: schemas.revokeToken },
    async ({ context, params }, reply) => {
      await context.rights.security.revokeToken(params.id)
      reply.code(204)
    },
  )
}

function aclRoutes(app: FastifyInstance): void {
  app.get<{ Querystring: AclFilter }>('/security/acls', { schema: schemas.listAcls }, async ({ context, query }) => ({
    acls: context.rights.security.listAcls(query),
  }))

  app.post<{ Body: { acls: Acl[] } }>(
    '/security/acls',
    { schema: schemas.addAcls },
    async ({ context, body }, reply) => {
      await context.rights.security.addAcls(body.acls)
      reply.code(204)
    },
  )

  app.delete<{ Querystring: AclFilter }>(
    '/security/acls',
    { schema: schemas.removeAcls },
    async ({ context, query }) => {
      const { security } = context.rights
      if (Object.keys(query).length === 0) {
        throw new TailraceError(
          'INVALID_REQUEST',
          'Say which rules are to go: by principal, type, name or another field.',
        )
      }
      return { acls: await security.removeAcls(query) }
    },
  )

  app.post<{ Body: Omit<AccessQuestion, 'groups' | 'host'> & Partial<AccessQuestion> }>(
    '/security/acls/test',
    { schema: schemas.testAccess },
    async ({ context, body: { groups = [], host = '', ...question } }) => {
      return context.rights.security.test({ ...question, groups, host })
    },
  )
}

const tags = ['security']
const nothing = (description: string) => ({ 204: { description, type: 'null' }, ...errorResponses }) as const
const page = (description: string, body: object) => ({ 200: { description, ...body }, ...errorResponses }) as const
const listOf = (key: string, name: string): object => object({ [key]: array({ $ref: `${name}#` }) })
const schemas = {
  listUsers: {
    tags,
    summary: 'List the users that the cluster keeps',
    operationId: 'listUsers',
    response: page('Passwords are not in it: the cluster does not know them.', listOf('users', 'User')),
  },
  setPassword: {
    tags,
    summary: 'Create a user, or give one another password',
    operationId: 'setPassword',
    params: userParams,
    body: passwordBody,
    response: nothing('The user has this password. Connections with the one before end.'),
  },
  deleteUser: {
    tags,
    summary: 'Delete a user',
    operationId: 'deleteUser',
    params: userParams,
    response: nothing('It is gone, and its connections end.'),
  },
  listTokens: {
    tags,
    summary: 'List tokens',
    operationId: 'listTokens',
    response: page('Oldest first, without their secrets.', listOf('tokens', 'Token')),
  },
  createToken: {
    tags,
    summary: 'Create a token',
    operationId: 'createToken',
    body: tokenBody,
    response: {
      201: {
        description: 'The text of the token is in this answer and nowhere else.',
        ...object({ token: string, description: { $ref: 'Token#' } }),
      },
      ...errorResponses,
    },
  },
  revokeToken: {
    tags,
    summary: 'Revoke a token',
    operationId: 'revokeToken',
    params: tokenParams,
    response: nothing('It is not valid any more, and connections with it end.'),
  },
  listAcls: {
    tags,
    summary: 'List rules',
    operationId: 'listAcls',
    querystring: filterQuery,
    response: page('Those that match each field of the query.', listOf('acls', 'Acl')),
  },
  addAcls: {
    tags,
    summary: 'Add rules',
    operationId: 'addAcls',
    body: aclsBody,
    response: nothing('They hold from now on; those that existed stay.'),
  },
  removeAcls: {
    tags,
    summary: 'Remove the rules that match',
    operationId: 'removeAcls',
    querystring: filterQuery,
    response: page('The rules that were removed.', listOf('acls', 'Acl')),
  },
  testAccess: {
    tags,
    summary: 'Say whether a principal may do something, and why',
    operationId: 'testAccess',
    body: questionBody,
    response: page('`rule` decides, where `because` is "rule".', answerBody),
  },
} as const
