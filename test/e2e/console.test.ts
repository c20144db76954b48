import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Producer } from '@tailrace/producer'
import { type Browser, chromium, type Page, type WebSocket as PageSocket } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { chromiumForTests } from '../runner/chromium.ts'
import { skipped } from '../runner/skipped.ts'
import { CascadeProcesses } from './cascade-processes.ts'
import { ClusterProcesses } from './cluster-processes.ts'

const executablePath = chromiumForTests()
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync']
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Set: a picture of each page is put there. */
const pictures = process.env.CONSOLE_PICTURES

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: { readonly html: string }[]
}

/** What a page must not do. */
class Watched {
  readonly problems: string[] = []

  constructor(page: Page, origin: string) {
    page.on('console', (message) => {
      // Chromium writes each answer above 400 there, also one that the page shows.
      const isAnswer = message.text().startsWith('Failed to load resource')
      if (message.type() === 'error' && !isAnswer) this.problems.push(message.text())
    })
    page.on('pageerror', (error) => this.problems.push(String(error)))
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url())
      if (protocol !== 'data:' && host !== new URL(origin).host) this.problems.push(`asked ${request.url()}`)
    })
  }
}

// In CI there must be one: chromiumForTests throws.
describe.skipIf(skipped(executablePath === null, 'the console in a browser: this machine has no Chromium.'))(
  'the console',
  () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: executablePath!, args: flags })
      if (pictures !== undefined) mkdirSync(pictures, { recursive: true })
    })
    afterAll(() => browser?.close())

    async function picture(page: Page, name: string): Promise<void> {
      if (pictures === undefined) return
      for (const [look, colorScheme, width] of [
        ['light', 'light', 1200],
        ['dark', 'dark', 1200],
        ['phone', 'light', 390],
      ] as const) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height: 800 })
        await page.screenshot({ path: join(pictures, `${name}-${look}.png`), fullPage: true })
      }
      await page.emulateMedia({ colorScheme: 'light' })
      await page.setViewportSize({ width: 1200, height: 800 })
    }

    /** No part that people with a screen reader, a keyboard or weak eyes cannot use. */
    async function accessible(page: Page): Promise<void> {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await page.evaluate(axe)
        const { violations } = await page.evaluate<{ violations: Violation[] }>('axe.run()')
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
        expect(serious.map(({ id, nodes }) => [id, nodes[0]!.html])).toEqual([])
      }
      await page.emulateMedia({ colorScheme: 'light' })
    }

    const text = (page: Page, selector = 'main') => page.locator(selector).textContent()
    const shows = (page: Page, wanted: string | RegExp, timeout = 15_000) =>
      expect.poll(() => text(page), { timeout }).toMatch(wanted)

    describe('of an open cluster', () => {
      let cluster: ClusterProcesses
      let cascades: CascadeProcesses
      let page: Page
      let watched: Watched
      const base = () => `http://${cluster.http(1)}`

      beforeAll(async () => {
        cluster = await ClusterProcesses.start()
        cascades = await CascadeProcesses.inFolder()
        await cascades.add(101, cluster.http(1))
        await cascades.ready([101])
        await cascades.add(201, cascades.http(101))
        await cascades.ready([201])
        page = await browser.newPage({ viewport: { width: 1200, height: 800 } })
        watched = new Watched(page, base())
        await page.goto(`${base()}/console/`)
      })
      afterAll(async () => {
        await page?.close()
        await cascades?.destroy()
        await cluster?.destroy()
      })
      afterEach(() => expect(watched.problems).toEqual([]))

      it('is served by every broker, cascade brokers too', async () => {
        for (const http of [...cluster.ids.map((id) => cluster.http(id)), cascades.http(201)]) {
          const answer = await fetch(`http://${http}/console/`)
          expect([answer.status, await answer.text()]).toEqual([
            200,
            expect.stringContaining('<title>Tailrace</title>'),
          ])
        }
      })

      it('shows a cluster that is well', async () => {
        await shows(page, /All is well/)
        await shows(page, /leads the metadata/)
        await expect.poll(() => page.locator('[aria-label="Brokers"] tbody tr').count(), { timeout: 15_000 }).toBe(5)
        await accessible(page)
      })

      it('creates a topic, publishes, reads, searches and follows', async () => {
        await page.getByRole('link', { name: 'Topics' }).click()
        await page.getByRole('button', { name: 'Create a topic' }).click()
        await page.getByLabel('Name').fill('flights')
        await page.getByLabel('Partitions').fill('2')
        await page.getByRole('button', { name: 'Create', exact: true }).click()
        await shows(page, /Partitions/)
        await expect.poll(() => page.locator('[aria-label="Partitions of flights"] tbody tr').count()).toBe(2)
        await page.getByRole('link', { name: 'Records' }).click()
        for (const [key, value] of [
          ['SFO', '{"delay":3}'],
          ['JFK', 'late'],
        ] as const) {
          await page.getByRole('button', { name: 'Publish…' }).click()
          await page.getByLabel('Key', { exact: true }).fill(key)
          await page.getByLabel('Value', { exact: true }).fill(value)
          await page.getByRole('button', { name: 'Publish', exact: true }).click()
          await expect.poll(() => page.locator('dialog').count()).toBe(0)
        }
        const found = async (): Promise<string> => {
          let all = ''
          for (const partition of ['0', '1']) {
            await page.getByLabel('Partition').selectOption(partition)
            await page.getByRole('button', { name: /^(Read|Search)$/ }).click()
            await expect.poll(() => page.locator('[aria-busy="true"]').count()).toBe(0)
            await shows(page, new RegExp(`in partition ${partition}, up to offset`))
            all += await text(page, '[aria-label="Records"], .empty')
          }
          return all
        }
        expect(await found()).toMatch(/SFO[\s\S]*JFK|JFK[\s\S]*SFO/)
        await page.getByLabel('Search key and value').fill('late')
        const hits = await found()
        expect([hits.includes('JFK'), hits.includes('SFO')]).toEqual([true, false])
        await page.getByLabel('Search key and value').fill('')
        await page.getByRole('button', { name: 'Follow' }).click()
        await shows(page, /Waiting for records/)
        const producer = new Producer(cluster.sdk)
        // The page may not have begun to follow yet: the first record that it shows ends this.
        let sent = 0
        await expect
          .poll(async () => {
            await producer.send('flights', { key: 'LAX', value: `live ${sent++}` })
            return text(page, 'main')
          })
          .toMatch(/LAX/)
        await producer.close()
        await accessible(page)
        await picture(page, 'records')
        await page.getByTitle('Show the record').first().click()
        await page.getByRole('button', { name: 'hex' }).click()
        await shows(page, /000000 {2}6c 69 76 65/)
        await accessible(page)
        // "live 0" as Avro: a text of 54 bytes, which it has not.
        await page.getByRole('button', { name: 'avro' }).click()
        await page.getByLabel(/Schema of the writer/).fill('"string"')
        await shows(page, /This is not of the schema.*54 is no length/)
        const six = { type: 'fixed', name: 'Six', size: 6 }
        await page.getByLabel(/Schema of the writer/).fill(JSON.stringify(six))
        await shows(page, /"live \d"/)
        await accessible(page)
        await picture(page, 'avro')
        await page.getByRole('button', { name: 'Close' }).click()
        // Another partition ends it.
        await page.getByLabel('Partition').selectOption('0')
        await shows(page, /in partition 0, up to offset/)
        await expect.poll(() => page.getByRole('button', { name: 'Follow' }).getAttribute('aria-pressed')).toBe('false')
      })

      it('shows what to copy where the browser lets it not copy', async () => {
        await page.evaluate('Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true })')
        await page.getByRole('button', { name: 'Copy as curl' }).click()
        const shown = page.getByLabel(/copy it from here/)
        expect(await shown.inputValue()).toMatch(/^curl 'http.*\/topics\/flights\/partitions\/0\/records/)
        await accessible(page)
      })

      it('goes on behind a batch that cannot be shown', async () => {
        const refusal = {
          code: 'UNSUPPORTED_COMPRESSION',
          message: 'snappy',
          retriable: false,
          hint: '',
          nextOffset: 1,
        }
        await page.route(/records\?offset=earliest/, (route) => route.fulfill({ status: 400, json: refusal }))
        await page.getByRole('button', { name: 'Read', exact: true }).click()
        await shows(page, /UNSUPPORTED_COMPRESSION/)
        expect(await text(page)).not.toMatch(/up to offset/)
        await page.getByRole('button', { name: 'Go on at offset 1' }).click()
        await shows(page, /in partition 0, up to offset/)
        await page.unroute(/records\?offset=earliest/)
      })

      it('asks once a hidden tab is seen', async () => {
        const hide = (isHidden: boolean) =>
          page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true })
            document.dispatchEvent(new Event('visibilitychange'))`)
        await hide(true)
        await page.getByRole('link', { name: 'Audit' }).click()
        await shows(page, /Waiting for the broker/)
        await hide(false)
        await shows(page, /set-feature-level/)
      })

      it('changes settings after it has shown what changes', async () => {
        await page.goto(`${base()}/console/#/topics/flights`)
        await page.getByLabel('retentionMs').fill('3600000')
        await page.getByRole('button', { name: 'Change…' }).click()
        await shows(page, /retentionMs: not set → 3600000/)
        await page.getByRole('button', { name: 'Change', exact: true }).click()
        await expect
          .poll(() => cluster.request(1, 'GET', '/topics/flights'))
          .toMatchObject({ config: { retentionMs: 3_600_000 } })
        await accessible(page)
        await picture(page, 'topic')
      })

      it('shows the settings of the broker, and those of topics', async () => {
        await page.getByRole('link', { name: 'Settings' }).click()
        await shows(page, /Of broker 1/)
        await shows(page, /flights.*retentionMs: 3600000/)
        await page.getByLabel('Filter').fill('tailbytes')
        const rows = page.locator('[aria-label="Settings of the broker"] tbody tr')
        await expect.poll(() => rows.count()).toBe(1)
        await page.getByLabel(/only what differs/).check()
        await shows(page, /None of them/)
        await page.getByLabel('Filter').fill('')
        await expect.poll(() => rows.allTextContents()).toContainEqual(expect.stringContaining('differs'))
        expect(await page.getByRole('link', { name: 'broker 2', exact: true }).getAttribute('href')).toContain(
          cluster.http(2),
        )
        await accessible(page)
        await picture(page, 'settings')
      })

      it('moves a leadership, and shows the newest entries of the log', async () => {
        const leaderOf = async (): Promise<number> => {
          const { partitions } = (await cluster.request(1, 'GET', '/topics/flights')) as {
            partitions: { leader: number }[]
          }
          return partitions[0]!.leader
        }
        const before = await leaderOf()
        await page.goto(`${base()}/console/#/topics/flights/0`)
        await shows(page, /committed/)
        await page.getByRole('button', { name: 'Move the leadership…' }).click()
        await page.getByRole('button', { name: 'Move', exact: true }).click()
        await expect.poll(leaderOf).not.toBe(before)
        await accessible(page)
        await picture(page, 'partition')
        await page.getByRole('link', { name: 'Moves' }).click()
        await shows(page, /flights\/0/)
        await page.getByRole('button', { name: 'Move all back…' }).click()
        await page.getByRole('button', { name: 'Move', exact: true }).click()
        await expect.poll(leaderOf, { timeout: 15_000 }).toBe(before)
      })

      // The walk of "What is not well" in docs/operations.md.
      it('shows a broker that dies: before a click which partitions suffer and why, after one the replica', async () => {
        await page.goto(`${base()}/console/#/`)
        await shows(page, /All is well/)
        await cluster.kill(3)
        await shows(page, /Broker 3 is not reached/, 30_000)
        await shows(page, /flights\/0 is under-replicated/, 30_000)
        await shows(page, /Broker 3 cannot be reached/)
        const chart = page.getByRole('img', { name: /Records a second over the last five minutes: now \d/ })
        await expect.poll(() => chart.locator('polyline').count(), { timeout: 15_000 }).toBeGreaterThan(0)
        await accessible(page)
        await picture(page, 'overview')
        const ill = page.getByRole('listitem').filter({ hasText: 'flights/0 is under-replicated' })
        expect(await ill.textContent()).toContain('Broker 3 cannot be reached')
        await ill.getByRole('link').click()
        const replica = page.locator('[aria-label="Replicas"] tbody tr').filter({ hasText: /^3/ })
        await expect.poll(() => replica.textContent(), { timeout: 15_000 }).toContain('does not answer')
        // A move to a broker that is away stands still, until it is given up.
        await cluster.request(1, 'POST', '/topics', { name: 'still', partitions: 1, replicas: 1 })
        const { partitions } = (await cluster.request(1, 'GET', '/topics/still')) as {
          partitions: { replicas: number[] }[]
        }
        const replicas = [...partitions[0]!.replicas, 3]
        await cluster.request(1, 'PUT', '/topics/still/partitions/0/members', { replicas })
        await page.getByRole('link', { name: 'Moves' }).click()
        await shows(page, /still\/0.*new replicas catch up.*broker 3/)
        await accessible(page)
        await picture(page, 'moves')
        await page.getByRole('button', { name: 'Give up…' }).click()
        await page.getByRole('button', { name: 'Give up', exact: true }).click()
        await shows(page, /None is under way|still\/0.*has failed/)
        await cluster.request(1, 'DELETE', '/topics/still')
        await cluster.launch(3)
        await cluster.ready([3])
        await page.goto(`${base()}/console/#/`)
        await shows(page, /All is well/, 30_000)
      })

      it('chooses the source of a cascade broker, and shows the audit of the cluster', async () => {
        await page.getByRole('link', { name: 'Cascade' }).click()
        await shows(page, /broker 201/)
        await accessible(page)
        await picture(page, 'cascade')
        await page
          .getByRole('listitem')
          .filter({ hasText: /^broker 201/ })
          .getByRole('button', { name: 'Source…' })
          .click()
        // The choice of the cluster stays unless another one is made, and none below it can be its source.
        expect(await page.locator('dialog select').inputValue()).toBe('0')
        expect(await page.locator('dialog option').allTextContents()).not.toContain('broker 201')
        await page.locator('dialog select').selectOption('2')
        await page.getByRole('button', { name: 'Choose' }).click()
        const sourceOf = async (): Promise<number | undefined> => {
          const { brokers } = (await cluster.request(1, 'GET', '/cascade')) as {
            brokers: { broker: number; source: number }[]
          }
          return brokers.find(({ broker }) => broker === 201)?.source
        }
        await expect.poll(sourceOf, { timeout: 30_000 }).toBe(2)
        await expect
          .poll(
            () =>
              page
                .getByRole('listitem')
                .filter({ hasText: /^broker 2(?!\d)/ })
                .textContent(),
            { timeout: 15_000 },
          )
          .toContain('broker 201')
        // And by dragging it there.
        const place = (name: string) => page.locator('.place').filter({ hasText: new RegExp(`^${name}\\b`) })
        await place('broker 201').dragTo(place('broker 3'))
        await expect.poll(() => page.locator('dialog select').inputValue()).toBe('3')
        await page.getByRole('button', { name: 'Choose' }).click()
        await expect.poll(sourceOf, { timeout: 30_000 }).toBe(3)
        await page.goto(`${base()}/console/#/audit`)
        await shows(page, /set-feature-level/)
        await accessible(page)
        await picture(page, 'audit')
      })

      it('deletes a topic only when its name has been typed, and none that has got its name meanwhile', async () => {
        const { id } = (await cluster.request(1, 'GET', '/topics/flights')) as { id: string }
        let [isOther, told] = [false, 0]
        await page.routeWebSocket(/stream/, (socket) => {
          socket.connectToServer().onMessage((message) => {
            socket.send(isOther ? String(message).replaceAll(id, 'another') : message)
            told += Number(isOther)
          })
        })
        await page.goto(`${base()}/console/#/topics/flights`)
        await page.reload()
        await page.getByRole('button', { name: 'Delete…' }).click()
        const remove = page.getByRole('button', { name: 'Delete', exact: true })
        expect(await remove.isDisabled()).toBe(true)
        isOther = true
        await cluster.request(1, 'POST', '/topics/flights/records', { records: [{ value: 'x' }] })
        await expect.poll(() => told, { timeout: 15_000 }).toBeGreaterThan(0)
        isOther = false
        await page.getByLabel(/Type flights to go on/).fill('flights')
        const [request] = await Promise.all([
          page.waitForRequest((asked) => asked.method() === 'DELETE'),
          remove.click(),
        ])
        expect(new URL(request.url()).searchParams.get('topicId')).toBe(id)
        await expect.poll(() => cluster.request(1, 'GET', '/topics'), { timeout: 15_000 }).toEqual({ topics: [] })
        await page.goto(`${base()}/console/#/topics`)
        await shows(page, /There are no topics/)
      })

      it('has a table of thousands of partitions without a pause', async () => {
        await cluster.request(1, 'POST', '/topics', { name: 'wide', partitions: 2_000, replicas: 1 })
        await page.goto(`${base()}/console/#/topics/wide`)
        const rows = page.locator('[aria-label="Partitions of wide"] tbody tr')
        await expect.poll(() => rows.count(), { timeout: 20_000 }).toBeGreaterThan(20)
        expect(await rows.count()).toBeLessThan(120)
        const longest = await page.evaluate(async () => {
          const box = document.querySelector('[aria-label="Partitions of wide"]')!
          let [last, most] = [performance.now(), 0]
          for (let top = 0; top < box.scrollHeight; top += 3_000) {
            box.scrollTop = top
            await new Promise(requestAnimationFrame)
            most = Math.max(most, performance.now() - last)
            last = performance.now()
          }
          box.scrollTop = box.scrollHeight
          return most
        })
        expect(longest).toBeLessThan(500)
        await shows(page, /1999/)
      })
    })

    describe('of a cluster that asks for credentials', () => {
      const folder = mkdtempSync(join(tmpdir(), 'tailrace-console-'))
      const adminFile = join(folder, 'admin.token')
      let cluster: ClusterProcesses
      let page: Page
      let watched: Watched
      let reader: string

      beforeAll(async () => {
        const secured = ['--authentication', 'required', '--admin-token-file', adminFile]
        cluster = await ClusterProcesses.start({ brokers: 1, flags: secured })
        const token = readFileSync(adminFile, 'utf8').trim()
        cluster.useCredentials({ token, sdk: { token } })
        for (const name of ['open', 'secret'])
          await cluster.request(1, 'POST', '/topics', { name, partitions: 1, replicas: 1 })
        const resource = { type: 'topic', name: 'open', pattern: 'literal' }
        const acls = [{ principal: 'User:page', host: '*', operation: 'read', permission: 'allow', resource }]
        await cluster.request(1, 'POST', '/security/acls', { acls })
        await cluster.request(1, 'PUT', '/security/users/page', { password: 'pencil-and-paper' })
        reader = (
          (await cluster.request(1, 'POST', '/security/tokens', { principal: 'User:page' })) as { token: string }
        ).token
        page = await browser.newPage({ viewport: { width: 1200, height: 800 } })
        watched = new Watched(page, `http://${cluster.http(1)}`)
      })
      afterAll(async () => {
        await page?.close()
        await cluster?.destroy()
        rmSync(folder, { recursive: true, force: true })
      })
      afterEach(() => expect(watched.problems).toEqual([]))

      it('asks who somebody is, says when it is wrong, and sends it no more', async () => {
        const sockets: PageSocket[] = []
        const sent: string[] = []
        const challenges: (string | undefined)[] = []
        page.on('websocket', (socket) => {
          sockets.push(socket)
          socket.on('framesent', ({ payload }) => sent.push(String(payload)))
        })
        page.on('response', (answer) => {
          if (answer.status() === 401) challenges.push(answer.headers()['www-authenticate'])
        })
        const areOver = () => sockets.map((socket) => socket.isClosed())
        await page.goto(`http://${cluster.http(1)}/console/#/audit`)
        await shows(page, /Sign in/)
        await expect.poll(areOver).toEqual([true])
        await accessible(page)
        await picture(page, 'sign-in')
        await page.getByText('a password').click()
        await page.getByLabel('User').fill('page')
        await page.getByRole('textbox', { name: 'Password' }).fill('wrong')
        await page.getByRole('button', { name: 'Sign in' }).click()
        await shows(page, /AUTHENTICATION_FAILED/)
        await expect.poll(areOver).toEqual([true, true])
        expect(sent.filter((text) => text.includes('wrong'))).toHaveLength(1)
        expect(await page.getByLabel('User').inputValue()).toBe('page')
        // The page of the address has asked nothing: no dialog of the browser.
        expect(challenges).toEqual([])
        await page.reload()
        await shows(page, /Sign in/)
        expect(await text(page)).not.toContain('AUTHENTICATION_FAILED')
        await page.goto(`http://${cluster.http(1)}/console/#/`)
      })

      it('shows what the principal may see, and why an act is refused', async () => {
        await page.getByLabel('Token', { exact: true }).fill(reader)
        await page.getByRole('button', { name: 'Sign in' }).click()
        await shows(page, /You may not describe the cluster/)
        await page.getByRole('link', { name: 'Topics' }).click()
        await shows(page, /open/)
        expect(await text(page)).not.toContain('secret')
        // How many replicas there may be is not known.
        await page.getByRole('button', { name: 'Create a topic' }).click()
        expect(await page.getByLabel('Replicas').getAttribute('max')).toBeNull()
        await page.getByRole('button', { name: 'Cancel' }).click()
        await page.getByRole('link', { name: 'open' }).click()
        await page.getByRole('link', { name: 'Records' }).click()
        await page.getByRole('button', { name: 'Publish…' }).click()
        await page.getByLabel('Value', { exact: true }).fill('x')
        await page.getByRole('button', { name: 'Publish', exact: true }).click()
        await shows(page, /AUTHORIZATION_FAILED[\s\S]*User:page may not write on topic "open"/)
        await page.getByRole('button', { name: 'Cancel' }).click()
      })

      it('lets the keyboard skip to the content, and stays on the page', async () => {
        const before = page.url()
        await page.locator('.skip').focus()
        await page.keyboard.press('Enter')
        await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('main')
        expect(page.url()).toBe(before)
        await shows(page, /open/)
      })

      it('signs out, and in again with a password', async () => {
        await page.getByRole('button', { name: 'Sign out' }).click()
        await shows(page, /Sign in/)
        await page.getByText('a password').click()
        await page.getByLabel('User').fill('page')
        await page.getByRole('textbox', { name: 'Password' }).fill('pencil-and-paper')
        await page.getByRole('button', { name: 'Sign in' }).click()
        await page.goto(`http://${cluster.http(1)}/console/#/topics`)
        await shows(page, /open/)
      })

      it('says why it is told nothing, and asks again', async () => {
        const socket = new WebSocket(`ws://${cluster.http(1)}/stream`)
        const answers: string[] = []
        socket.onmessage = ({ data }) => answers.push(String(data))
        await new Promise((resolve) => {
          socket.onopen = resolve
        })
        socket.send(JSON.stringify({ op: 'authenticate', id: 'a', token: reader }))
        await expect.poll(() => answers.join()).toContain('"authenticated"')
        socket.send(JSON.stringify({ op: 'watch', id: 'w', topics: [] }))
        await expect.poll(() => answers.join()).toContain('"state"')
        const entity = { principal: 'User:page' }
        await cluster.request(1, 'PUT', '/security/quotas', { entity, limits: { subscriptions: 1 } })
        await expect
          .poll(async () => {
            await page.reload()
            return text(page)
          })
          .toMatch(/THROTTLED/)
        socket.close()
        await shows(page, /open/)
        expect(await text(page)).not.toContain('THROTTLED')
      })
    })

    describe('of a cluster that takes clients without a credential too', () => {
      let cluster: ClusterProcesses
      let page: Page
      beforeAll(async () => {
        cluster = await ClusterProcesses.start({ brokers: 1, flags: ['--authentication', 'optional'] })
        await cluster.request(1, 'PUT', '/security/users/page', { password: 'pencil-and-paper' })
        page = await browser.newPage()
      })
      afterAll(async () => {
        await page?.close()
        await cluster?.destroy()
      })

      it('lets somebody sign in, and has nothing of what nobody in particular has seen', async () => {
        await page.goto(`http://${cluster.http(1)}/console/#/audit`)
        await shows(page, /set-user/)
        await page.getByRole('link', { name: '__audit' }).click()
        await shows(page, /records in partition 0/)
        await page.goto(`http://${cluster.http(1)}/console/#/audit`)
        await page.getByRole('button', { name: 'Sign in' }).click()
        await page.getByRole('button', { name: 'Cancel' }).click()
        await shows(page, /Act/)
        await page.getByRole('button', { name: 'Sign in' }).click()
        await page.getByText('a password').click()
        await page.getByLabel('User').fill('page')
        await page.getByRole('textbox', { name: 'Password' }).fill('pencil-and-paper')
        await page.locator('main').getByRole('button', { name: 'Sign in' }).click()
        await shows(page, /AUTHORIZATION_FAILED/)
        expect(await page.locator('[aria-label="Audit"]').count()).toBe(0)
        await page.getByRole('button', { name: 'Sign out' }).click()
        await shows(page, /Act/)
      })
    })
  },
)
