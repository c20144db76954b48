import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page, WebSocket as PageSocket } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { skipped } from '../runner/skipped.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { accessible, hasBrowser, launchBrowser, picture, shows, text, Watched, wide } from './console-page.ts'

/** Free bytes above the reserve of the broker whose disk is filled: more than other tests write meanwhile. */
const ROOM_BYTES = 4 * 1024 ** 3

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

const noBrowser = skipped(!hasBrowser, 'the console in a browser: this machine has no Chromium.')

describe.skipIf(noBrowser)('the console', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser?.close())

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
      reader = ((await cluster.request(1, 'POST', '/security/tokens', { principal: 'User:page' })) as { token: string })
        .token
      page = await browser.newPage({ viewport: wide })
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
      const reserve = ['--disk-reserve-bytes', String(freeBytes(tmpdir()) - ROOM_BYTES)]
      const flagsOf = (id: number) => (id === 2 ? reserve : [])
      cluster = await ClusterProcesses.start({ flags: ['--authentication', 'optional'], flagsOf })
      await cluster.request(1, 'PUT', '/security/users/page', { password: 'pencil-and-paper' })
      page = await browser.newPage()
    })
    afterAll(async () => {
      await page?.close()
      await cluster?.destroy()
    })

    const noFill = skipped(process.platform !== 'linux', 'a disk that is filled: it needs fallocate.')
    it.skipIf(noFill)('warns of the disk of another broker that is filled, until there is room again', async () => {
      await page.goto(`http://${cluster.http(1)}/console/`)
      await shows(page, /The disk of broker 2 is almost full/)
      const file = join(cluster.folder, 'filled')
      execFileSync('fallocate', ['--length', String(2 * ROOM_BYTES), file])
      await shows(page, /The disk of broker 2 is full.*it takes no records/)
      await picture(page, 'disk-full')
      rmSync(file)
      await shows(page, /The disk of broker 2 is almost full/)
      expect(await text(page)).not.toMatch(/The disk of broker 2 is full/)
    })

    it('lets somebody sign in, and has nothing of what nobody in particular has seen', async () => {
      await page.goto(`http://${cluster.http(1)}/console/#/audit`)
      await shows(page, /set-user/)
      await page.getByRole('link', { name: '__audit' }).click()
      await shows(page, /records? in partition 0/)
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
})
