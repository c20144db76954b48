import type { Browser } from 'playwright-core'
import { ClusterProcesses } from '../../test/e2e/cluster-processes.ts'
import { shows, takeLooks, wide } from './camera.ts'

/** What a broker that asks for credentials shows first. */
export async function takeSignIn(browser: Browser): Promise<void> {
  const cluster = await ClusterProcesses.start({ brokers: 1, flags: ['--authentication', 'required'] })
  try {
    const page = await browser.newPage({ viewport: wide })
    await page.goto(`http://${cluster.http(1)}/console/`)
    await shows(page, /Sign in/)
    await takeLooks(page, 'sign-in')
    await page.close()
  } finally {
    await cluster.destroy()
  }
}
