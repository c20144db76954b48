// health.mjs [PATH]: exit code 0 if the broker of this container answers 200 at PATH, /healthz by default; /readyz asks
// whether clients may be sent to it. Reads the settings of the broker in the environment.
import { readFileSync } from 'node:fs'
import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'

const timeoutMs = 4_000
const { TAILRACE_HTTP, TAILRACE_TLS = 'off', TAILRACE_TLS_CERT_FILE, TAILRACE_TLS_KEY_FILE } = process.env
const [path = '/healthz'] = process.argv.slice(2)

const [, host, port] =
  /^\[?(.*?)\]?:(\d+)$/.exec(TAILRACE_HTTP || '127.0.0.1:8080') ?? fail(`TAILRACE_HTTP is ${TAILRACE_HTTP}`)
// A broker that listens on every address is reached at loopback.
const reached = /^0\.0\.0\.0$/.test(host) ? '127.0.0.1' : /^::$/.test(host) ? '::1' : host
const options = { host: reached, port, path, timeout: timeoutMs }

/** Nothing secret is sent or believed, so the certificate need not name the address that is dialled here. */
function certificates() {
  const pair =
    TAILRACE_TLS_CERT_FILE && TAILRACE_TLS_KEY_FILE
      ? { cert: readFileSync(TAILRACE_TLS_CERT_FILE), key: readFileSync(TAILRACE_TLS_KEY_FILE) }
      : {}
  return { ...pair, rejectUnauthorized: false }
}

function fail(reason) {
  console.error(reason)
  process.exit(1)
}

const asked = TAILRACE_TLS === 'off' ? plainRequest(options) : tlsRequest({ ...options, ...certificates() })
asked.on('response', (answer) => {
  let text = ''
  answer.setEncoding('utf8')
  answer.on('data', (chunk) => (text += chunk))
  answer.on('end', () => (answer.statusCode === 200 ? process.exit(0) : fail(`${answer.statusCode} ${text}`)))
})
asked.on('timeout', () => fail(`no answer from ${reached}:${port} within ${timeoutMs} ms`))
asked.on('error', (error) => fail(String(error)))
asked.end()
