import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { build } from 'esbuild'

export interface ServedPage {
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves a page with one script on loopback, from an origin that is not the brokers'.
 * @param script TypeScript that imports packages by name, as a web application's would
 */
export async function servePage(html: string, script: string): Promise<ServedPage> {
  const bundle = await build({
    stdin: { contents: script, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    platform: 'browser',
    format: 'esm',
    write: false,
  })
  // Without 'unsafe-eval': the SDK makes no code out of strings.
  const policy = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src http: ws:"
  const files: Record<string, [string, string]> = {
    '/': ['text/html; charset=utf-8', html],
    '/page.js': ['text/javascript; charset=utf-8', bundle.outputFiles[0]!.text],
  }
  const server = createServer((request, response) => {
    const [type, text] = files[new URL(request.url!, 'http://page').pathname] ?? ['text/plain', '']
    response.writeHead(text === '' ? 404 : 200, { 'content-type': type, 'content-security-policy': policy }).end(text)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => closed(server) }
}

async function closed(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
}
