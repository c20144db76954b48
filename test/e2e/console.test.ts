import { Producer } from '@tailrace/producer'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { skipped } from '../runner/skipped.ts'
import { CascadeProcesses } from './cascade-processes.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { accessible, hasBrowser, launchBrowser, picture, shows, text, Watched, wide } from './console-page.ts'

const noBrowser = skipped(!hasBrowser, 'the console in a browser: this machine has no Chromium.')

describe.skipIf(noBrowser)('the console of an open cluster', () => {
  let browser: Browser
  let cluster: ClusterProcesses
  let cascades: CascadeProcesses
  let page: Page
  let watched: Watched
  const base = () => `http://${cluster.http(1)}`
  const figure = (name: string) =>
    page
      .locator('.figures div')
      .filter({ has: page.getByText(name, { exact: true }) })
      .locator('dd')
      .textContent()
  /** The requests over HTTP that the page makes from now on. */
  const requestsOfPage = (): string[] => {
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    return asked
  }

  beforeAll(async () => {
    browser = await launchBrowser()
    cluster = await ClusterProcesses.start()
    cascades = await CascadeProcesses.inFolder()
    await cascades.add(101, cluster.http(1))
    await cascades.ready([101])
    await cascades.add(201, cascades.http(101))
    await cascades.ready([201])
    page = await browser.newPage({ viewport: wide })
    watched = new Watched(page, base())
    await page.goto(`${base()}/console/`)
  })
  afterAll(async () => {
    await browser?.close()
    await cascades?.destroy()
    await cluster?.destroy()
  })
  afterEach(() => expect(watched.problems).toEqual([]))

  it('is served by every broker, cascade brokers too', async () => {
    for (const http of [...cluster.ids.map((id) => cluster.http(id)), cascades.http(201)]) {
      const answer = await fetch(`http://${http}/console/`)
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('<title>Tailrace</title>')])
    }
  })

  it.each([
    ['of level 0', () => cluster.http(3)],
    ['right below it', () => cascades.http(101)],
    ['two levels below it', () => cascades.http(201)],
  ])('a broker %s knows how all brokers are', async (_level, http) => {
    const known = async () => {
      const { brokers } = (await (await fetch(`http://${http()}/cluster/conditions`)).json()) as {
        brokers: { broker: number; condition: { ready: boolean } | null }[]
      }
      return brokers.map(({ broker, condition }) => [broker, condition?.ready])
    }
    await expect.poll(known, { timeout: 30_000 }).toEqual([1, 2, 3, 101, 201].map((id) => [id, true]))
  })

  it('shows a cluster that is well', async () => {
    // The disk is this machine's, and other programs may fill it.
    await shows(page, /All is well|soon be full|almost full/)
    await shows(page, /leads the metadata/)
    await expect.poll(() => page.locator('[aria-label="Brokers"] tbody tr').count(), { timeout: 15_000 }).toBe(5)
    await accessible(page)
  })

  it('charts how long publishes take, by their stages', async () => {
    await cluster.request(1, 'POST', '/topics', { name: 'timed', partitions: 3, replicas: 3 })
    await page.getByRole('link', { name: 'Brokers' }).click()
    await shows(page, /Nothing was published or read here/)
    const fsync = page.getByRole('img', { name: /^fsync over the last five minutes: p50 \d/ })
    // One batch in 16 is measured.
    const records = Array.from({ length: 32 }, (_, n) => ({ partition: n % 3, value: 'x' }))
    const publish = () => cluster.request(1, 'POST', '/topics/timed/records', { records })
    const lines = async () => {
      for (let n = 0; n < 16; n++) await publish()
      return fsync.locator('polyline').count()
    }
    await expect.poll(lines, { timeout: 30_000 }).toBe(2)
    await accessible(page)
    await picture(page, 'brokers')
    await cluster.request(1, 'DELETE', '/topics/timed')
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
    // Records can be deleted by it: the name is wanted.
    const change = page.getByRole('button', { name: 'Change', exact: true })
    expect(await change.isDisabled()).toBe(true)
    await accessible(page)
    await page.getByLabel(/Type flights to go on/).fill('flights')
    await change.click()
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
    await accessible(page)
    await page.getByRole('button', { name: 'Move', exact: true }).click()
    await expect.poll(leaderOf, { timeout: 15_000 }).toBe(before)
  })

  it('changes the replicas of a partition, and shows that it is done', async () => {
    await page.goto(`${base()}/console/#/topics/flights/0`)
    const brokers = page.locator('[aria-label="Replicas"] tbody tr td:first-child')
    const change = async (replicas: string, shown: string[]) => {
      await page.getByRole('button', { name: 'Change replicas…' }).click()
      await page.getByLabel('Brokers').fill(replicas)
      await page.getByRole('button', { name: 'Change', exact: true }).click()
      await expect.poll(() => page.locator('dialog').allTextContents(), { timeout: 15_000 }).toEqual([])
      await expect.poll(async () => (await brokers.allTextContents()).toSorted(), { timeout: 30_000 }).toEqual(shown)
      await shows(page, /members\s*stable(?!, changing)/, 30_000)
    }
    await expect.poll(() => brokers.count()).toBe(3)
    await change('3, 1', ['1', '3'])
    await change('3, 1, 2', ['1', '2', '3'])
  })

  it('deletes the oldest records of a partition when its name is typed', async () => {
    const records = ['a', 'b', 'c', 'd'].map((value) => ({ value, partition: 0 }))
    await cluster.request(1, 'POST', '/topics/flights/records', { records })
    await page.goto(`${base()}/console/#/topics/flights/0`)
    const offset = async (name: string) => Number((await figure(name))!.replaceAll(/\D/g, ''))
    const start = () => offset('log start')
    await expect.poll(() => offset('high watermark'), { timeout: 15_000 }).toBeGreaterThanOrEqual(4)
    const before = (await start()) + 3
    await page.getByRole('button', { name: 'Delete records…' }).click()
    await page.getByLabel('Before offset').fill(String(before))
    await shows(page, /Deleted are 3 of them/)
    await accessible(page)
    expect(await page.getByRole('button', { name: 'Delete', exact: true }).isDisabled()).toBe(true)
    await page.getByLabel('to go on').fill('flights/0')
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await expect.poll(start, { timeout: 15_000 }).toBe(before)
    await expect.poll(() => page.locator('dialog').allTextContents()).toEqual([])
  })

  it('shows what changes in a partition and in the cascade without a request', async () => {
    await page.goto(`${base()}/console/#/topics/flights/0`)
    await expect.poll(() => figure('high watermark')).toMatch(/^\d/)
    const before = Number(await figure('high watermark'))
    const asked = requestsOfPage()
    for (const value of ['a', 'b', 'c']) {
      const { offsets } = (await cluster.request(1, 'POST', '/topics/flights/records', {
        records: [{ partition: 0, value }],
      })) as { offsets: { offset: number }[] }
      // A state comes once a second, later where the machine is busy.
      const shown = async () => Number(await figure('high watermark'))
      await expect.poll(shown, { timeout: 15_000 }).toBe(offsets[0]!.offset + 1)
    }
    expect(Number(await figure('high watermark'))).toBe(before + 3)
    await page.getByRole('link', { name: 'Cascade' }).click()
    const below = (id: number) =>
      page
        .getByRole('listitem')
        .filter({ hasText: new RegExp(`^broker ${id}(?!\\d)`) })
        .textContent()
    await expect.poll(() => below(101)).toContain('broker 201')
    await cluster.request(1, 'PUT', '/cascade/brokers/201/source', { source: 2 })
    await expect.poll(() => below(2), { timeout: 15_000 }).toContain('broker 201')
    await cluster.request(1, 'PUT', '/cascade/brokers/201/source', { source: 0 })
    await expect.poll(() => below(101), { timeout: 30_000 }).toContain('broker 201')
    expect(asked).toEqual([])
  })

  // The walk of "Which partition is under-replicated, and why" in docs/console.md.
  it('shows a broker that dies, its successor, before a click what suffers and why, after one the replica', async () => {
    await page.goto(`${base()}/console/#/topics/flights/0`)
    await expect.poll(() => figure('leader')).toMatch(/broker/)
    if ((await figure('leader')) !== 'broker 3')
      await cluster.request(1, 'POST', '/topics/flights/partitions/0/leader', { to: 3 })
    await expect.poll(() => figure('leader'), { timeout: 15_000 }).toBe('broker 3')
    const term = Number(await figure('term'))
    await page.evaluate('window.isSamePage = true')
    await cluster.kill(3)
    await expect.poll(() => figure('leader'), { timeout: 30_000 }).toMatch(/broker [12]$/)
    expect(Number(await figure('term'))).toBeGreaterThan(term)
    await page.getByRole('link', { name: 'Overview' }).click()
    await shows(page, /Broker 3 is not reached/, 30_000)
    expect(await page.evaluate('window.isSamePage')).toBe(true)
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
    await page.getByRole('link', { name: 'Moves' }).click()
    await shows(page, /None is under way/)
    const asked = requestsOfPage()
    await cluster.request(1, 'PUT', '/topics/still/partitions/0/members', { replicas })
    await shows(page, /still\/0.*new replicas catch up.*broker 3/)
    expect(asked).toEqual([])
    await accessible(page)
    await picture(page, 'moves')
    await page.getByRole('button', { name: 'Give up…' }).click()
    await accessible(page)
    await page.getByRole('button', { name: 'Give up', exact: true }).click()
    await shows(page, /None is under way|still\/0.*has failed/)
    await cluster.request(1, 'DELETE', '/topics/still')
    await cluster.launch(3)
    await cluster.ready([3])
    await page.goto(`${base()}/console/#/`)
    await shows(page, /Health/)
    await expect.poll(() => text(page), { timeout: 30_000 }).not.toMatch(/not reached|under-replicated|no leader/)
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
    await accessible(page)
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
    const [request] = await Promise.all([page.waitForRequest((asked) => asked.method() === 'DELETE'), remove.click()])
    expect(new URL(request.url()).searchParams.get('topicId')).toBe(id)
    await expect.poll(() => cluster.request(1, 'GET', '/topics'), { timeout: 15_000 }).toEqual({ topics: [] })
    await page.goto(`${base()}/console/#/topics`)
    await shows(page, /There are no topics/)
  })
})
