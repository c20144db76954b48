import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { chromiumForTests } from '../runner/chromium.ts'

const executablePath = chromiumForTests()
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync']
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Set: a picture of each page is put there. */
const pictures = process.env.CONSOLE_PICTURES
export const wide = { width: 1200, height: 800 }
export const phone = { width: 390, height: 800 }

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: { readonly html: string }[]
}

/** In CI there is one, else chromiumForTests throws. */
export const hasBrowser = executablePath !== null

export function launchBrowser(): Promise<Browser> {
  if (pictures !== undefined) mkdirSync(pictures, { recursive: true })
  return chromium.launch({ executablePath: executablePath!, args: flags })
}

/** What a page must not do. */
export class Watched {
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

export async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  for (const [look, colorScheme, size] of [
    ['light', 'light', wide],
    ['dark', 'dark', wide],
    ['phone', 'light', phone],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize(size)
    await page.screenshot({ path: join(pictures, `${name}-${look}.png`), fullPage: true })
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(wide)
}

/** No part that people with a screen reader, a keyboard or weak eyes cannot use. */
export async function accessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.evaluate(axe)
    const { violations } = await page.evaluate<{ violations: Violation[] }>('axe.run()')
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    expect(serious.map(({ id, nodes }) => [id, nodes[0]!.html])).toEqual([])
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

export function text(page: Page, selector = 'main'): Promise<string | null> {
  return page.locator(selector).textContent()
}

export function shows(page: Page, wanted: string | RegExp, timeout = 15_000) {
  return expect.poll(() => text(page), { timeout }).toMatch(wanted)
}
