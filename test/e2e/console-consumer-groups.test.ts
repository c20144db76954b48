import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { skipped } from '../runner/skipped.ts'
import { CascadeProcesses } from './cascade-processes.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { accessible, hasBrowser, launchBrowser, picture, shows, text, Watched, wide } from './console-page.ts'
import { GroupMember } from './group-member.ts'

const noBrowser = skipped(!hasBrowser, 'consumer groups in a browser: this machine has no Chromium.')

describe.skipIf(noBrowser)('consumer groups in the console', () => {
  let browser: Browser
  let cluster: ClusterProcesses
  let cascades: CascadeProcesses
  let page: Page
  let watched: Watched
  const members: GroupMember[] = []
  const asked: string[] = []
  const base = () => `http://${cluster.http(1)}/console`
  const row = (label: string, name: string | RegExp) =>
    page.locator(`[aria-label="${label}"] tbody tr`).filter({ hasText: name })
  const cells = async (label: string, name: string | RegExp) =>
    (await row(label, name).first().locator('td').allTextContents()).map((cell) => cell.trim())
  const figure = (name: string) =>
    page
      .locator('.figures div')
      .filter({ has: page.getByText(name, { exact: true }) })
      .locator('dd')
      .textContent()
  const positions = async () => {
    type Carried = { positions: { partition: number; offset: number }[] }
    const answer = await cluster.request<Carried>(1, 'GET', '/consumer-groups/billing/positions')
    return answer.positions.map(({ partition, offset }) => [partition, offset])
  }

  beforeAll(async () => {
    browser = await launchBrowser()
    cluster = await ClusterProcesses.start()
    cascades = await CascadeProcesses.inFolder()
    await cascades.add(101, cluster.http(1))
    await cascades.ready()
    await cluster.request(1, 'POST', '/topics', { name: 'flights', partitions: 4, replicas: 3 })
    const records = Array.from({ length: 40 }, (_, n) => ({ partition: n % 4, value: `v${n}` }))
    await cluster.request(1, 'POST', '/topics/flights/records', { records })
    page = await browser.newPage({ viewport: wide })
    watched = new Watched(page, `http://${cluster.http(1)}`)
    page.on('request', (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`))
    await page.goto(`${base()}/#/consumer-groups`)
  })
  afterAll(async () => {
    for (const member of members) member.close()
    await browser?.close()
    await cascades?.destroy()
    await cluster?.destroy()
  })
  afterEach(() => expect(watched.problems).toEqual([]))

  it('are listed as they come, without a request over HTTP', async () => {
    await shows(page, /There are no consumer groups that you may see/)
    asked.length = 0
    const options = { group: 'billing', topics: ['flights'] }
    members.push(await GroupMember.join(cluster.http(2), { ...options, id: 'a', instance: 'pod-1' }))
    await members[0]!.commit(() => 4)
    const first = ['billing', 'stable', '1', 'flights', '24', '0']
    await expect.poll(() => cells('Consumer groups', 'billing'), { timeout: 15_000 }).toEqual(first)
    members.push(await GroupMember.join(cluster.http(3), { ...options, id: 'b', clientId: 'web' }))
    await expect.poll(() => cells('Consumer groups', 'billing'), { timeout: 15_000 }).toContain('rebalancing')
    await members[0]!.beat()
    await members[0]!.beat()
    await members[1]!.beat()
    await members[1]!.beat(61_000)
    const later = ['billing', 'stable', '2', 'flights', '24', '1']
    await expect.poll(() => cells('Consumer groups', 'billing'), { timeout: 15_000 }).toEqual(later)
    await accessible(page)
    await picture(page, 'consumer-groups')
    await page.getByLabel('Filter').fill('nothing')
    await shows(page, /No consumer group has that in its name/)
    await page.getByLabel('Filter').fill('bill')
    expect(asked).toEqual([])
  })

  it('one shows its members with their partitions, and what a handler is stuck at', async () => {
    await page.getByRole('link', { name: 'billing' }).click()
    await expect.poll(() => row('Members', 'pod-1').count(), { timeout: 15_000 }).toBe(1)
    const places = members[1]!.leases.map(({ partition }) => partition).sort()
    expect(places).toHaveLength(2)
    const [id, instance, client, host, , subscribed, leases, stuck] = await cells('Members', 'web')
    expect([id, instance, client, subscribed]).toEqual(['b', '–', 'web', 'flights'])
    expect(host).toMatch(/127\.0\.0\.1|::1/)
    for (const partition of places) expect(leases).toMatch(new RegExp(`^flights .*${partition}|–`))
    expect(stuck).toMatch(/^flights\/\d at 4 for \d+\.\d s$/)
    const held = await cells('Partitions', `flights/${members[1]!.leases[0]!.partition}`)
    expect(held.slice(1, 5)).toEqual(['4', '10', '6', 'web'])
    expect(held.at(-1)).toMatch(/^at 4 for/)
    expect([await figure('lag'), await figure('stuck handlers'), await figure('delayed records')]).toEqual([
      '24',
      '1',
      '0',
    ])
    await members[0]!.delay(5)
    await members[0]!.commit(() => 7)
    await expect.poll(() => figure('delayed records'), { timeout: 15_000 }).toBe('1')
    await expect.poll(() => figure('lag'), { timeout: 15_000 }).toBe('18')
    expect(await page.getByRole('button', { name: 'Reset positions…' }).isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: 'Delete…' }).isDisabled()).toBe(true)
    await accessible(page)
    await picture(page, 'consumer-group')
    expect(asked).toEqual([])
  })

  it('is shown by a cascade broker as well', async () => {
    const other = await browser.newPage()
    await other.goto(`http://${cascades.http(101)}/console/#/consumer-groups`)
    await other.getByRole('link', { name: 'billing' }).click({ timeout: 15_000 })
    await shows(other, /pod-1/)
    await other.close()
  })

  it('positions are reset once the members have left, as shown before, when the name is typed', async () => {
    for (const member of members.splice(0)) await member.leave()
    await shows(page, /It has no members/)
    const before = await positions()
    await page.getByRole('button', { name: 'Reset positions…' }).click()
    await page.locator('dialog select').selectOption('offset')
    await page.getByLabel('Offset, like 1200').fill('never')
    await page.getByRole('button', { name: 'Show what would be done' }).click()
    await shows(page, /INVALID_REQUEST/)
    await accessible(page)
    await page.locator('dialog select').selectOption('back')
    await page.getByLabel('Records, like 100').fill('2')
    await page.getByRole('button', { name: 'Show what would be done' }).click()
    await expect.poll(() => row('What would be done', 'flights').count(), { timeout: 15_000 }).toBe(4)
    expect((await cells('What would be done', 'flights/0')).at(-1)).toBe('2 come again')
    await accessible(page)
    await picture(page, 'reset-positions')
    expect(await positions()).toEqual(before)
    const reset = page.getByRole('button', { name: 'Reset', exact: true })
    expect(await reset.isDisabled()).toBe(true)
    await page.getByLabel(/Type billing to go on/).fill('billing')
    await reset.click()
    await expect.poll(() => page.locator('dialog').count()).toBe(0)
    expect(await positions()).toEqual(before.map(([partition, offset]) => [partition, offset! - 2]))
    await expect.poll(() => figure('lag'), { timeout: 15_000 }).toBe('26')
  })

  it('closes without an act, and begins anew', async () => {
    await page.getByRole('button', { name: 'Reset positions…' }).click()
    await page.getByLabel('Topics, with commas').fill('flights')
    await page.getByRole('button', { name: 'Show what would be done' }).click()
    await expect.poll(() => row('What would be done', 'flights').count(), { timeout: 15_000 }).toBe(4)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await expect.poll(() => page.locator('dialog').count()).toBe(0)
    await page.getByRole('button', { name: 'Reset positions…' }).click()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await expect.poll(() => page.locator('dialog').count()).toBe(0)
  })

  it('is deleted when its name is typed, and its page says that it is gone', async () => {
    await page.getByRole('button', { name: 'Delete…' }).click()
    const remove = page.getByRole('button', { name: 'Delete', exact: true })
    expect(await remove.isDisabled()).toBe(true)
    await page.getByLabel(/Type billing to go on/).fill('billing')
    await remove.click()
    await shows(page, /There are no consumer groups that you may see/)
    await page.goto(`${base()}/#/consumer-groups/billing`)
    await shows(page, /UNKNOWN_CONSUMER_GROUP/)
    expect(await text(page)).not.toContain('Reset positions')
  })
})
