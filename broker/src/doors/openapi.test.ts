import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeRandom } from '../platform/node/random.ts'
import { describedRequests } from './testing/described-requests.ts'
import { type Fixture, startGateway } from './testing/running-gateway.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await startGateway(nodeClock, nodeRandom)
})
afterAll(() => fixture.gateway.close())

// biome-ignore lint/suspicious/noExplicitAny: what the assertions are about
type Body = any
async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Body }> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const response = await fetch(fixture.url + path, { method, ...sent })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return { status: response.status, body: isJson && text !== '' ? JSON.parse(text) : text }
}
const get = (path: string) => call('GET', path)

describe('OpenAPI', () => {
  it('lists every route, with schemas that are JSON schemas and references that resolve', async () => {
    const { body } = await get('/openapi.json')
    expect(body.openapi).toBe('3.1.0')
    const routes = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    )
    expect(routes.sort()).toEqual([
      'delete /cluster/balance',
      'delete /cluster/brokers/{id}',
      'delete /cluster/brokers/{id}/draining',
      'delete /cluster/members/change',
      'delete /consumer-groups/{group}',
      'delete /security/acls',
      'delete /security/quotas',
      'delete /security/tokens/{id}',
      'delete /security/users/{user}',
      'delete /streams/__ds/subscriptions/{id}',
      'delete /streams/__ds/subscriptions/{id}/streams/{*}',
      'delete /streams/{*}',
      'delete /topics/{topic}',
      'delete /topics/{topic}/partitions/{partition}/members/change',
      'get /',
      'get /cascade',
      'get /cluster',
      'get /cluster/audit',
      'get /cluster/balance',
      'get /cluster/conditions',
      'get /cluster/describe',
      'get /cluster/members',
      'get /cluster/moves',
      'get /consumer-groups',
      'get /consumer-groups/{group}',
      'get /consumer-groups/{group}/positions',
      'get /healthz',
      'get /metrics',
      'get /openapi.json',
      'get /operations/log-level',
      'get /operations/settings',
      'get /readyz',
      'get /security/acls',
      'get /security/credentials',
      'get /security/quotas',
      'get /security/tokens',
      'get /security/users',
      'get /stream',
      'get /streams/__ds/jwks.json',
      'get /streams/__ds/subscriptions',
      'get /streams/__ds/subscriptions/{id}',
      'get /streams/{*}',
      'get /topics',
      'get /topics/{topic}',
      'get /topics/{topic}/partitions/{partition}/describe',
      'get /topics/{topic}/partitions/{partition}/members',
      'get /topics/{topic}/partitions/{partition}/records',
      'get /topics/{topic}/stream',
      'patch /topics/{topic}',
      'patch /topics/{topic}/config',
      'post /cluster/balance',
      'post /cluster/feature-level',
      'post /cluster/force-members',
      'post /cluster/leader',
      'post /cluster/snapshot',
      'post /consumer-groups/{group}/reset',
      'post /security/acls',
      'post /security/acls/test',
      'post /security/credentials',
      'post /security/tokens',
      'post /streams/__ds/subscriptions/{id}/ack',
      'post /streams/__ds/subscriptions/{id}/callback',
      'post /streams/__ds/subscriptions/{id}/claim',
      'post /streams/__ds/subscriptions/{id}/release',
      'post /streams/__ds/subscriptions/{id}/streams',
      'post /streams/{*}',
      'post /topics',
      'post /topics/{topic}/partitions/{partition}/delete-records',
      'post /topics/{topic}/partitions/{partition}/force-members',
      'post /topics/{topic}/partitions/{partition}/leader',
      'post /topics/{topic}/partitions/{partition}/records',
      'post /topics/{topic}/partitions/{partition}/snapshot',
      'post /topics/{topic}/records',
      'put /cascade/brokers/{id}/source',
      'put /cluster/brokers/{id}/draining',
      'put /cluster/members',
      'put /cluster/priority',
      'put /consumer-groups/{group}/positions',
      'put /operations/log-level',
      'put /security/quotas',
      'put /security/users/{user}',
      'put /streams/__ds/subscriptions/{id}',
      'put /streams/{*}',
      'put /topics/{topic}/partitions/{partition}/members',
      'put /topics/{topic}/partitions/{partition}/priority',
    ])
    const ajv = new Ajv({ strict: false, formats: { byte: true } })
    ajv.addSchema({ $id: 'api', ...body })
    expect(Object.keys(body.components.schemas).sort()).toEqual([
      'Acl',
      'AuditRecord',
      'Balance',
      'Cluster',
      'EffectiveSetting',
      'Error',
      'ForcedMembers',
      'Group',
      'Members',
      'Moves',
      'Quota',
      'QuotaEntity',
      'QuotaLimits',
      'Record',
      'RecordInput',
      'ResourcePattern',
      'StoredToken',
      'StoredUser',
      'Token',
      'TokenScope',
      'Topic',
      'TopicChanges',
      'TopicConfig',
      'TopicSettings',
      'TopicSummary',
      'User',
    ])
    for (const name of Object.keys(body.components.schemas))
      expect(ajv.getSchema(`api#/components/schemas/${name}`)).toBeDefined()
    const ids: string[] = []
    for (const methods of Object.values<Body>(body.paths)) {
      for (const operation of Object.values<Body>(methods)) {
        ids.push(operation.operationId)
        expect(operation.summary).toBeTypeOf('string')
        for (const response of Object.values<Body>(operation.responses))
          expect(response.description).toBeTypeOf('string')
      }
    }
    expect(new Set(ids).size).toBe(ids.length)
    for (const [, name] of JSON.stringify(body).matchAll(/"#\/components\/schemas\/(\w+)"/g))
      expect(body.components.schemas).toHaveProperty(name!)
    // The routes answer as the description promises.
    const isError = ajv.getSchema('api#/components/schemas/Error')!
    expect(isError((await get('/nowhere')).body)).toBe(true)
    expect(ajv.getSchema('api#/components/schemas/Topic')!((await get('/topics/flights')).body)).toBe(true)
    expect(ajv.getSchema('api#/components/schemas/Cluster')!((await get('/cluster')).body)).toBe(true)
  })

  it('keeps the recommended rules of redocly lint', async () => {
    const { body } = await get('/openapi.json')
    expect(body.servers).toEqual([{ url: '/' }])
    expect(body.info.license.identifier ?? body.info.license.url).toBeTypeOf('string')
    for (const { description } of body.tags) expect(description).toMatch(/\.$/)
    const known = body.tags.map(({ name }: { name: string }) => name)
    const schemes = body.security.flatMap((required: object) => Object.keys(required))
    expect(Object.keys(body.components.securitySchemes).sort()).toEqual(schemes.sort())
    for (const [path, methods] of Object.entries<Body>(body.paths)) {
      const named = [...path.matchAll(/\{(\w+|\*)\}/g)].map(([, name]) => name)
      for (const { operationId, responses, tags, parameters = [] } of Object.values<Body>(methods)) {
        const statuses = Object.keys(responses)
        const has = (form: RegExp) => statuses.some((status) => form.test(status))
        expect([operationId, has(/^(2..|default)$/), has(/^4/)]).toEqual([operationId, true, true])
        for (const tag of tags) expect(known).toContain(tag)
        const inPath = parameters.filter((one: Body) => one.in === 'path').map((one: Body) => one.name)
        expect([path, inPath.sort()]).toEqual([path, named.sort()])
      }
    }
  })

  it('describes no request that cannot be checked: the schemas of every route compile', async () => {
    const { paths } = (await get('/openapi.json')).body
    for (const methods of Object.values(paths as Record<string, Record<string, { operationId: string }>>)) {
      for (const [method, { operationId }] of Object.entries(methods)) {
        const [path, , body] = describedRequests[operationId]!
        const answer = await call(method.toUpperCase(), path, body)
        expect([operationId, answer.body.code]).not.toEqual([operationId, 'INTERNAL'])
      }
    }
  })
})
