import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Producer } from '@tailrace/producer'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumForTests } from '../runner/chromium.ts'
import { skipped } from '../runner/skipped.ts'
import { type ServedPage, servePage } from './browser-page.ts'
import { ClusterProcesses } from './cluster-processes.ts'

const executablePath = chromiumForTests()
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync']

const html = `<!doctype html>
<title>A page with a token</title>
<style>body { font: 13px monospace } li { list-style: none } #state { font-weight: bold }</style>
<p id="state">connecting</p>
<ol id="records"></ol>
<h3>Refused</h3>
<ol id="refused"></ol>
<script type="module" src="/page.js"></script>`

const script = `
  import { Consumer } from '@tailrace/consumer'
  const query = new URLSearchParams(location.search)
  const server = query.get('server')!
  const token = query.get('token')!
  const http = server.replace(/^ws/, 'http')
  const state = document.querySelector('#state')!
  const add = (list: string, text: string) => {
    const line = document.createElement('li')
    line.textContent = text
    document.querySelector(list)!.append(line)
  }

  // Everything that the token is not for, by HTTP and by a WebSocket whose token is its subprotocol.
  const requests: [string, string, object?][] = [
    ['GET', '/cluster'], ['GET', '/metrics'], ['GET', '/cluster/audit'], ['GET', '/security/users'],
    ['GET', '/topics/secret'], ['GET', '/topics/secret/partitions/0/records'],
    ['POST', '/topics/board/records', { records: [{ value: 'x' }] }], ['DELETE', '/topics/board'],
    ['POST', '/topics', { name: 'mine', partitions: 1, replicas: 1 }],
    ['POST', '/security/tokens', { principal: 'User:page' }],
  ]
  for (const [method, path, body] of requests) {
    const headers = { authorization: 'Bearer ' + token, ...(body && { 'content-type': 'application/json' }) }
    const answer = await fetch(http + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    add('#refused', method + ' ' + path + ' ' + answer.status + ' ' + (await answer.json()).code)
  }
  const plain = new WebSocket(server + '/stream', ['tailrace', 'tailrace.bearer.' + token])
  await new Promise((resolve) => { plain.onopen = resolve })
  plain.onmessage = ({ data }) => {
    const { op, id, code } = JSON.parse(data)
    if (op === 'error') add('#refused', 'WebSocket ' + id + ' ' + code)
  }
  plain.send(JSON.stringify({ op: 'publish', id: 'publish', topic: 'board', records: [{ value: 'x' }] }))
  plain.send(JSON.stringify({ op: 'subscribe', id: 'subscribe', topic: 'secret' }))

  const consumer = new Consumer({ servers: [server], credentials: { token } })
  const records = consumer.subscribe('board', { from: 'latest' })
  records.ready().then(() => { state.textContent = 'live' })
  try {
    for await (const { key, value } of records) add('#records', key + ' ' + value)
  } catch (error) {
    state.textContent = 'ended: ' + (error as { code: string }).code
  }
`

interface Made {
  readonly token: string
  readonly description: { readonly id: string }
}

// In CI there must be one: chromiumForTests throws.
describe.skipIf(skipped(executablePath === null, 'pages in a browser: this machine has no Chromium.'))(
  'a page in Chromium with a token that may read one topic',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'tailrace-token-page-'))
    const adminFile = join(folder, 'admin.token')
    let cluster: ClusterProcesses
    let served: ServedPage
    let browser: Browser
    let page: Page
    let tokenId: string
    const problems: string[] = []
    const admin = () => readFileSync(adminFile, 'utf8').trim()

    async function ask(method: string, path: string, body?: object): Promise<Made> {
      const headers: Record<string, string> = { authorization: `Bearer ${admin()}` }
      if (body !== undefined) headers['content-type'] = 'application/json'
      const sent = body === undefined ? {} : { body: JSON.stringify(body) }
      const answer = await fetch(`http://${cluster.http(1)}${path}`, { method, headers, ...sent })
      const text = await answer.text()
      expect(answer.status, text).toBeLessThan(300)
      return JSON.parse(text === '' ? '{}' : text)
    }

    beforeAll(async () => {
      served = await servePage(html, script)
      const { origin } = new URL(served.url)
      const secured = ['--authentication', 'required', '--admin-token-file', adminFile, '--write-origins', origin]
      cluster = await ClusterProcesses.start({ flags: secured })
      for (const name of ['board', 'secret']) await ask('POST', '/topics', { name, partitions: 1, replicas: 3 })
      const resource = { type: 'topic', name: 'board', pattern: 'literal' }
      const rule = { principal: 'User:page', host: '*', operation: 'all', permission: 'allow', resource }
      await ask('POST', '/security/acls', { acls: [rule] })
      const scope = { operations: ['read'], resources: [resource] }
      const made = await ask('POST', '/security/tokens', { principal: 'User:page', scope })
      tokenId = made.description.id
      browser = await chromium.launch({ executablePath: executablePath!, args: flags })
      page = await browser.newPage()
      page.on('pageerror', (error) => problems.push(String(error)))
      const query = new URLSearchParams({ server: `ws://${cluster.http(2)}`, token: made.token })
      await page.goto(`${served.url}?${query}`)
    })

    afterAll(async () => {
      await browser?.close()
      await served?.close()
      await cluster?.destroy()
      if (process.env.KEEP_SCREENSHOTS === undefined) rmSync(folder, { recursive: true, force: true })
    })

    it('sees its topic live', async () => {
      await page.locator('#state').getByText('live').waitFor({ timeout: 20_000 })
      const credentials = { token: admin() }
      const producer = new Producer({ servers: [`ws://${cluster.http(1)}`], credentials })
      for (const key of ['SFO', 'LAX']) await producer.send('board', { key, value: 'on time' })
      await producer.close()
      await page.locator('#records li:nth-child(2)').waitFor({ timeout: 10_000 })
      expect(await page.locator('#records li').allTextContents()).toEqual(['SFO on time', 'LAX on time'])
    })

    it('is refused everything else', async () => {
      await page.locator('#refused li:nth-child(12)').waitFor({ timeout: 10_000 })
      const lines = (await page.locator('#refused li').allTextContents()).sort()
      expect(lines.map((line) => line.replace(/ (403 )?AUTHORIZATION_FAILED$/, ''))).toEqual([
        'DELETE /topics/board',
        'GET /cluster',
        'GET /cluster/audit',
        'GET /metrics',
        'GET /security/users',
        'GET /topics/secret',
        'GET /topics/secret/partitions/0/records',
        'POST /security/tokens',
        'POST /topics',
        'POST /topics/board/records',
        'WebSocket publish',
        'WebSocket subscribe',
      ])
      await page.screenshot({ path: join(folder, 'page.png') })
      if (process.env.KEEP_SCREENSHOTS !== undefined) console.log(`screenshot: ${join(folder, 'page.png')}`)
    })

    it('ends with the code within seconds when its token is revoked', async () => {
      await ask('DELETE', `/security/tokens/${tokenId}`)
      // REQUIRED where a read is refused first, FAILED where the connection is, and the token is shown again.
      const end = page.locator('#state').getByText(/^ended: AUTHENTICATION_(REQUIRED|FAILED)$/)
      await end.waitFor({ timeout: 10_000 })
    })

    it('has no error of its own', () => expect(problems).toEqual([]))
  },
)
