import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { fromEnvironment, fromFile } from '../../broker/src/config/given-settings.ts'
import { resolveSettings } from '../../broker/src/config/resolve-settings.ts'
import { skipped } from '../runner/skipped.ts'
import { operatorSchemas } from './operator-schemas.ts'
import { judge, lacks } from './tools.ts'

const chart = fileURLToPath(new URL('../../deploy/helm/tailrace', import.meta.url))
const everything = [
  'cascade.replicas=2',
  'tls.certManager.enabled=true',
  'serviceMonitor.enabled=true',
  'adminToken.secretName=admin',
  'antiAffinity=soft',
  'storage.className=fast',
  'hosts={log.example.org}',
]
/** Kinds of operators, whose schemas are in definitions of their own. */
const ofOperators = ['ServiceMonitor', 'Certificate', 'Issuer']

interface Variable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } }
}
interface Source {
  readonly secret: { readonly name: string; readonly items: readonly { readonly path: string }[] }
}
interface PodSpec {
  readonly terminationGracePeriodSeconds: number
  readonly automountServiceAccountToken: boolean
  readonly securityContext: object
  readonly affinity: { readonly podAntiAffinity: object }
  readonly containers: readonly [
    {
      readonly env: readonly Variable[]
      readonly securityContext: object
      readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: readonly [string, string] } } }
      readonly args?: readonly string[]
    },
  ]
  readonly volumes: readonly { readonly name: string; readonly projected?: { readonly sources: readonly Source[] } }[]
}
interface Resource {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: Readonly<Record<string, string>>
  readonly spec: Record<string, unknown> & { readonly template: { readonly spec: PodSpec } }
}

const helm = (command: string, values: readonly string[], ...flags: string[]) =>
  judge('helm', [
    ...(command === 'lint' ? ['lint', '--strict'] : ['template', 'tailrace']),
    chart,
    '--kube-version=1.34.0',
    '--namespace=logs',
    ...values.map((value) => `--set=${value}`),
    ...flags,
  ])

function rendered(values: readonly string[]): Resource[] {
  const { code, said } = helm('template', values)
  if (code !== 0) throw new Error(said)
  return parseAllDocuments(said)
    .map((document) => document.toJS() as Resource | null)
    .filter((resource) => resource !== null)
}

const of = (resources: readonly Resource[], kind: string) => resources.filter((resource) => resource.kind === kind)
const noHelm = lacks('helm')

describe.skipIf(skipped(noHelm, 'the chart: there is no helm'))('helm', () => {
  it.each([[[]], [everything]])('finds nothing with %j', (values) => {
    const { code, said } = helm('lint', values)
    expect(code, said).toBe(0)
  })

  it.each([
    ['replica=3', 'replica'],
    ['antiAffinity=medium', 'antiAffinity'],
    ['replicas=0', 'replicas'],
    ['storage.size=many', 'size'],
    ['settings.tlsKeyFile=/tmp/key', 'tlsKeyFile'],
    ['replicas=2', 'replicas is less than founders'],
    ['cascade.firstId=3,cascade.replicas=1', 'cascade.firstId is the number of a broker'],
  ])('refuses %s', (value, reason) => {
    const { code, said } = helm('template', [value])
    expect(code).not.toBe(0)
    expect(said).toContain(reason)
  })
})

const schemas = process.env.KUBERNETES_SCHEMAS ?? ''
const definitions = (process.env.OPERATOR_CRDS ?? '').split(':').filter((folder) => folder !== '')
const noSchemas = lacks('kubeconform') || schemas === '' || definitions.length === 0
if (noSchemas && process.env.CI === 'true')
  throw new Error('CI=true, but there is no kubeconform, no KUBERNETES_SCHEMAS, or no OPERATOR_CRDS.')
describe.skipIf(
  skipped(noHelm || noSchemas, 'the chart: there is no kubeconform, or KUBERNETES_SCHEMAS or OPERATOR_CRDS is not set'),
)('kubeconform', () => {
  const ofOthers = noSchemas ? '' : operatorSchemas(definitions)
  afterAll(() => rmSync(ofOthers, { recursive: true }))
  const conform = (version: string, resources: string) =>
    judge(
      'kubeconform',
      [
        '-strict',
        '-output=json',
        `-kubernetes-version=${version}`,
        `-schema-location=${schemas}/{{.NormalizedKubernetesVersion}}-local{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json`,
        `-schema-location=${ofOthers}/{{.ResourceKind}}-{{.ResourceAPIVersion}}.json`,
        '-summary',
      ],
      { input: resources },
    )

  it.each(['1.28.0', '1.37.0'])('finds everything in order for Kubernetes %s', (version) => {
    for (const values of [[], everything]) {
      const { code, said } = conform(version, helm('template', values).said)
      expect(code, said).toBe(0)
      const { summary } = JSON.parse(said) as { summary: { valid: number; invalid: number; errors: number } }
      expect(summary).toMatchObject({ invalid: 0, errors: 0, skipped: 0 })
      expect(summary.valid).toBeGreaterThan(6)
    }
  })

  it.each(['podManagementPolicy', 'issuerRef', 'dnsNames', 'selfSigned', 'serverName', 'authorization'])(
    'finds it when a word is none that Kubernetes or an operator knows: %s',
    (word) => {
      const { said } = helm('template', everything)
      const changed = said.replace(`${word}:`, `${word}s:`)
      expect(changed).not.toBe(said)
      expect(conform('1.37.0', changed).code).toBe(1)
    },
  )
})

/** The settings of a pod with this number, as its broker reads them. */
function settingsOf(workload: Resource, resources: readonly Resource[], number: string) {
  const known = new Map<string, string>()
  const name = `${workload.metadata.name}-${number}`
  for (const { name: variable, value, valueFrom } of workload.spec.template.spec.containers[0].env) {
    const field = valueFrom?.fieldRef.fieldPath === 'metadata.name' ? name : number
    known.set(variable, value?.replaceAll(/\$\((\w+)\)/g, (_, other) => known.get(other)!) ?? field)
  }
  const warnings: string[] = []
  const environment = fromEnvironment(Object.fromEntries(known), (warning) => warnings.push(warning))
  const [{ data }] = of(resources, 'ConfigMap') as [Resource]
  const file = fromFile(parse(data!['settings.yaml']!), 'settings.yaml')
  return { settings: resolveSettings({ flags: new Map(), environment, file }), warnings }
}

const sourcesOf = (workload: Resource) =>
  workload.spec.template.spec.volumes.find(({ name }) => name === 'tls')!.projected!.sources

describe.skipIf(skipped(noHelm, 'what the chart makes: there is no helm'))('the chart', () => {
  const resources = noHelm ? [] : rendered(everything)
  const [brokers] = of(resources, 'StatefulSet') as [Resource]
  const cascades = of(resources, 'Deployment')
  const workloads = [brokers, ...cascades]

  it('makes brokers that are closed to strangers and find each other', () => {
    const host = (id: number) => `tailrace-${id}.tailrace-brokers.logs.svc.cluster.local`
    for (const id of [1, 2, 3]) {
      const { settings, warnings } = settingsOf(brokers, resources, String(id))
      expect(warnings).toEqual([])
      expect(settings).toMatchObject({
        id,
        authentication: 'required',
        tls: 'required',
        peerTls: 'required',
        insecure: false,
        advertisedPeer: `${host(id)}:7080`,
        advertisedHttp: `${host(id)}:8080`,
        join: [1, 2, 3].map((founder) => `${host(founder)}:7080`),
        tlsCertFile: `/etc/tailrace/tls/broker-${id}.crt`,
      })
      expect(settings.hosts).toContain('tailrace.logs.svc')
    }
    expect(brokers.spec).toMatchObject({
      serviceName: 'tailrace-brokers',
      ordinals: { start: 1 },
      podManagementPolicy: 'Parallel',
    })
  })

  it('makes cascade brokers with numbers of their own', () => {
    expect(cascades.map(({ metadata }) => metadata.name)).toEqual(['tailrace-cascade-101', 'tailrace-cascade-102'])
    for (const [index, cascade] of cascades.entries()) {
      const { settings, warnings } = settingsOf(cascade, resources, '')
      expect(warnings).toEqual([])
      expect(settings).toMatchObject({
        id: 101 + index,
        authentication: 'required',
        tls: 'required',
        sourceTls: 'required',
      })
      expect(settings.source).toHaveLength(3)
      expect(cascade.spec.template.spec.containers[0].args).toEqual(['cascade'])
      expect(cascade.spec.strategy).toEqual({ type: 'Recreate' })
    }
  })

  it('mounts the certificates that the settings name, and cert-manager makes them with the names that are dialled', () => {
    const made = of(resources, 'Certificate') as (Resource & { spec: { secretName: string; dnsNames: string[] } })[]
    for (const [workload, number] of [[brokers, '3'] as const, ...cascades.map((cascade) => [cascade, ''] as const)]) {
      const { settings } = settingsOf(workload, resources, number)
      const files = sourcesOf(workload).flatMap(({ secret }) =>
        secret.items.map(({ path }) => `/etc/tailrace/tls/${path}`),
      )
      for (const file of [settings.tlsCertFile, settings.tlsKeyFile, settings.tlsCaFile]) expect(files).toContain(file)
      const own = `${workload === brokers ? 'broker' : 'cascade'}-${settings.id}`
      const certificate = made.find(({ metadata }) => metadata.name === `tailrace-${own}`)!
      expect(sourcesOf(workload).map(({ secret }) => secret.name)).toContain(certificate.spec.secretName)
      const names = [own, settings.advertisedHttp.replace(/:\d+$/, ''), 'log.example.org', 'tailrace.logs.svc']
      expect(certificate.spec.dnsNames).toEqual(expect.arrayContaining(names))
    }
  })

  it('takes the files of "tailrace certs create" without cert-manager', () => {
    const plain = rendered(['cascade.replicas=1'])
    const [statefulSet] = of(plain, 'StatefulSet') as [Resource]
    const [{ secret }] = sourcesOf(statefulSet) as [Source]
    expect(secret.name).toBe('tailrace-tls')
    const files = ['ca', 'broker-1', 'broker-2', 'broker-3'].flatMap((name) =>
      name === 'ca' ? ['ca.crt'] : [`${name}.crt`, `${name}.key`],
    )
    expect(secret.items.map(({ path }) => path)).toEqual(files)
    expect(plain.some(({ kind }) => ofOperators.includes(kind))).toBe(false)
  })

  it.each([
    ['hard', 'requiredDuringSchedulingIgnoredDuringExecution'],
    ['soft', 'preferredDuringSchedulingIgnoredDuringExecution'],
  ])('keeps brokers on nodes of their own: %s', (value, word) => {
    const [statefulSet] = of(rendered([`antiAffinity=${value}`]), 'StatefulSet') as [Resource]
    expect(Object.keys(statefulSet.spec.template.spec.affinity.podAntiAffinity)).toEqual([word])
  })

  it('closes each pod, and gives its broker time to stop', () => {
    for (const workload of workloads) {
      const pod = workload.spec.template.spec
      const [container] = pod.containers
      const { settings } = settingsOf(workload, resources, '1')
      expect(pod).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true } })
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      const [command, seconds] = container.lifecycle.preStop.exec.command
      expect([command, Number(seconds) > 0]).toEqual(['sleep', true])
      // SIGTERM comes behind preStop: leaderships are transferred within the time for a shutdown, before SIGKILL.
      const stopMs = Number(seconds) * 1000 + settings.shutdownTimeoutMs
      expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(stopMs)
      for (const [probe, path] of [
        ['startupProbe', '/healthz'],
        ['livenessProbe', '/healthz'],
        ['readinessProbe', '/readyz'],
      ])
        expect(container).toMatchObject({ [probe!]: { httpGet: { path, port: 'http', scheme: 'HTTPS' } } })
    }
  })

  it('lets one broker go at a time, and brokers alone reach the port of brokers', () => {
    const budgets = of(resources, 'PodDisruptionBudget').map(({ spec }) => spec.maxUnavailable)
    expect(budgets).toEqual([1, 1])
    const [{ spec }] = of(resources, 'NetworkPolicy') as [Resource]
    const [peer, http] = spec.ingress as { ports: object[]; from?: { podSelector: { matchLabels: object } }[] }[]
    expect(peer).toMatchObject({ ports: [{ port: 'peer' }] })
    expect(peer!.from!.map(({ podSelector }) => podSelector.matchLabels)).toMatchObject([
      { 'app.kubernetes.io/component': 'broker' },
    ])
    expect(http!.from).toBe(undefined)
    const [closed] = of(
      rendered(['networkPolicy.clients[0].namespaceSelector.matchLabels.team=shop']),
      'NetworkPolicy',
    ) as [Resource]
    expect((closed.spec.ingress as { from?: object[] }[])[1]!.from).toContainEqual({
      namespaceSelector: { matchLabels: { team: 'shop' } },
    })
  })

  it('has Prometheus ask each broker with a token, for a name that each certificate has', () => {
    const [{ spec }] = of(resources, 'ServiceMonitor') as [Resource]
    expect(spec.endpoints).toMatchObject([
      {
        scheme: 'https',
        authorization: { credentials: { key: 'token' } },
        tlsConfig: { serverName: 'tailrace.logs.svc' },
      },
    ])
    const { matchLabels } = spec.selector as { matchLabels: Record<string, string> }
    const scraped = of(resources, 'Service').filter(({ metadata }) =>
      Object.entries(matchLabels).every(
        ([label, value]) => (metadata as unknown as { labels: Record<string, string> }).labels[label] === value,
      ),
    )
    expect(scraped.map(({ metadata }) => metadata.name).sort()).toEqual(['tailrace-brokers', 'tailrace-cascade'])
  })

  it('has no secret of its own', () => {
    expect(of(resources, 'Secret')).toEqual([])
    for (const workload of workloads)
      for (const { name, value } of workload.spec.template.spec.containers[0].env)
        if (/TOKEN|PASSWORD|KEY/.test(name)) expect(value).toMatch(/^\/etc\/tailrace\//)
  })
})
