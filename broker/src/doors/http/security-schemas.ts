import { operations, resourceTypes, scramMechanisms } from '../../api/security-api.ts'
import { array, bool, integer, object, string } from './schema-parts.ts'

/** JSON schemas of credentials and rules; the shapes are those of SecurityApi (api/security-api.ts). */

const MOST_NAME_CHARACTERS = 255
export const MOST_RULES = 1000

const operation = { type: 'string', enum: [...operations] } as const
const permission = { type: 'string', enum: ['allow', 'deny'] } as const
const resourceType = { type: 'string', enum: [...resourceTypes] } as const
const patternKind = { type: 'string', enum: ['literal', 'prefixed'] } as const
const name = { type: 'string', minLength: 1, maxLength: MOST_NAME_CHARACTERS } as const
const principal = { type: 'string', maxLength: 300, description: '"User:alice", for example.' } as const
const host = { type: 'string', maxLength: 100, description: 'The address of the client, or "*".' } as const
const orNull = (schema: object): object => ({ anyOf: [schema, { type: 'null' }] })

const pattern = {
  $id: 'ResourcePattern',
  ...object({ type: resourceType, name, pattern: patternKind }),
}

const acl = {
  $id: 'Acl',
  ...object({ principal, host, operation, permission, resource: { $ref: 'ResourcePattern#' } }),
}

const scope = {
  $id: 'TokenScope',
  ...object({
    operations: { type: 'array', items: operation, minItems: 1, uniqueItems: true },
    resources: { type: 'array', items: { $ref: 'ResourcePattern#' }, minItems: 1, maxItems: 100 },
  }),
}

const token = {
  $id: 'Token',
  ...object({
    id: string,
    principal: string,
    scope: orNull({ $ref: 'TokenScope#' }),
    createdAt: { ...integer, description: 'Milliseconds since 1970.' },
    createdBy: string,
    expiresAt: { type: ['integer', 'null'], description: 'Null: it is valid until it is revoked.' },
  }),
}

const user = {
  $id: 'User',
  ...object({ name: string, mechanisms: array({ type: 'string', enum: [...scramMechanisms] }) }),
}

const base64 = { type: 'string', maxLength: 100, description: 'Base64.' } as const
const credential = object({ salt: base64, iterations: integer, storedKey: base64, serverKey: base64 })
const storedUser = {
  $id: 'StoredUser',
  ...object({
    name,
    scram: object(Object.fromEntries(scramMechanisms.map((mechanism) => [mechanism, credential])), scramMechanisms),
  }),
}

const storedToken = {
  $id: 'StoredToken',
  ...object({
    id: { type: 'string', maxLength: 100 },
    hash: { ...base64, description: 'SHA-256 of the secret part, base64.' },
    principal,
    scope: orNull({ $ref: 'TokenScope#' }),
    createdAt: integer,
    createdBy: { type: 'string', maxLength: 1000 },
    expiresAt: { type: ['integer', 'null'] },
  }),
}

export const securitySchemas: readonly object[] = [pattern, acl, scope, token, user, storedUser, storedToken]

export const userParams = object({ user: name })
export const tokenParams = object({ id: { type: 'string', minLength: 1, maxLength: 100 } })
export const passwordBody = object({
  password: { type: 'string', maxLength: 2000, description: 'It is taken over TLS, or from the machine itself.' },
})

export const tokenBody = object(
  {
    principal,
    scope: { ...orNull({ $ref: 'TokenScope#' }), description: 'Null, or absent: all that the principal may do.' },
    lifetimeMs: { type: ['integer', 'null'], minimum: 1, description: 'Null, or absent: until it is revoked.' },
  },
  ['scope', 'lifetimeMs'],
)

const MOST_CREDENTIALS = 100
const some = (kind: string) => ({ type: 'array', items: { $ref: `${kind}#` }, maxItems: MOST_CREDENTIALS })
export const credentialsBody = object({ users: some('StoredUser'), tokens: some('StoredToken') })
export const credentialsQuery = object({ after: { type: 'string', maxLength: 300 } }, ['after'])
export const credentialsPage = object({
  users: array({ $ref: 'StoredUser#' }),
  tokens: array({ $ref: 'StoredToken#' }),
  next: { type: ['string', 'null'], description: 'The `after` of the next page; null: this is the last one.' },
})
export const addedBody = object({ users: integer, tokens: integer })

export const aclsBody = object({
  acls: { type: 'array', items: { $ref: 'Acl#' }, minItems: 1, maxItems: MOST_RULES },
})

const filterFields = { principal, host, operation, permission, type: resourceType, name, pattern: patternKind }
/** Absent fields match every rule. */
export const filterQuery = object(filterFields, Object.keys(filterFields))

export const questionBody = object(
  {
    principal,
    groups: { type: 'array', items: principal, maxItems: 100, description: 'As "Group:admins". Default: none.' },
    host: { ...host, description: 'The address of the client. Default: none that a rule names.' },
    operation,
    resource: object({ type: resourceType, name }),
  },
  ['groups', 'host'],
)

export const answerBody = object({
  allowed: bool,
  because: { type: 'string', enum: ['super-user', 'everybody', 'rule', 'no-rule'] },
  rule: orNull({ $ref: 'Acl#' }),
})
