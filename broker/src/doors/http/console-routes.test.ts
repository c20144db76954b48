import { get } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { StaticFile, StaticFiles } from '../../api/static-files.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { type Fixture, startGateway } from '../testing/running-gateway.ts'

const html = { type: 'text/html; charset=utf-8', bytes: Buffer.from('<p>'), gzip: null, immutable: false }
const script = {
  type: 'text/javascript; charset=utf-8',
  bytes: Buffer.from('x'.repeat(99)),
  gzip: Buffer.from('zipped'),
  immutable: true,
}
const files: StaticFiles = new Map<string, StaticFile>([
  ['index.html', html],
  ['assets/app-1.js', script],
])

let fixture: Fixture
beforeEach(async () => {
  const access = { mode: 'required' } as const
  fixture = await startGateway(nodeClock, nodeRandom, {}, undefined, access, { console: files })
})
afterEach(() => fixture.gateway.close())

interface Answer {
  readonly status: number
  readonly headers: Record<string, string | undefined>
  readonly body: string
}
/** With a bare client: fetch unpacks what is packed. */
function ask(path: string, accept = 'gzip'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get(`${fixture.url}${path}`, { headers: { 'accept-encoding': accept } }, (response) => {
      let body = ''
      response.setEncoding('latin1').on('data', (text: string) => {
        body += text
      })
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers as never, body }))
    })
    request.on('error', reject)
  })
}

test('the page is served to anybody, with nothing from elsewhere allowed in it', async () => {
  const { status, headers, body } = await ask('/console/')
  expect([status, headers['content-type'], body]).toEqual([200, html.type, '<p>'])
  expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'")
  expect(headers).toMatchObject({ 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' })
  expect(await ask('/console')).toMatchObject({ status: 308, headers: { location: '/console/' } })
})

test('a file whose name changes with its content is kept, and packed for those that can unpack it', async () => {
  const packed = await ask('/console/assets/app-1.js')
  expect(packed).toMatchObject({
    status: 200,
    body: 'zipped',
    headers: { 'content-encoding': 'gzip', vary: expect.stringContaining('accept-encoding') },
  })
  expect(packed.headers['cache-control']).toContain('immutable')
  const plain = await ask('/console/assets/app-1.js', 'identity')
  expect([plain.body, plain.headers['content-encoding']]).toEqual(['x'.repeat(99), undefined])
})

test.each(['/console/nothing.js', '/console/..%2Fpackage.json', '/console/assets'])('%s is not there', async (path) => {
  expect((await ask(path)).status).toBe(404)
})

test('real files are read and packed once', async () => {
  const { readStaticFiles } = await import('../../platform/node/static-files.ts')
  const folder = new URL('.', import.meta.url).pathname
  expect(await readStaticFiles(`${folder}/none`, () => false)).toEqual(new Map())
  const console = new URL('../../../../console', import.meta.url).pathname
  const found = (await readStaticFiles(console, (path) => path.startsWith('src/'))).get('src/style.css')!
  expect(found).toMatchObject({ type: 'text/css; charset=utf-8', immutable: true })
  expect(gunzipSync(found.gzip!)).toEqual(Buffer.from(found.bytes))
})
