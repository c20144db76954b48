import { expect, it } from 'vitest'
import { exposureRule, exposures, isLoopback } from './exposure.ts'

const closed = {
  http: '127.0.0.1:8080',
  peer: '127.0.0.1:7080',
  source: [] as string[],
  authentication: 'off',
  clusterKeyFile: '',
  clusterKey: 'required',
  peerTls: 'off',
  peerTlsClientCertificates: 'off',
  insecure: false,
} as const
const rule = (change: object) => exposureRule({ ...closed, ...change } as never)

it.each(['127.0.0.1:1', '127.9.8.7:1', 'localhost:1', '[::1]:1'])('%s is of this machine alone', (address) => {
  expect(isLoopback(address)).toBe(true)
  expect(rule({ http: address, peer: address })).toBeNull()
})

it.each(['0.0.0.0:1', '10.0.0.1:1', 'broker.example:1', '[::]:1', '[fe80::1]:1', '128.0.0.1:1'])(
  '%s lets others in: clients need a credential there, and brokers a proof',
  (address) => {
    expect(rule({ http: address })).toMatch(/^http listens on .* Set authentication: required, adminTokenFile/)
    expect(rule({ http: address, authentication: 'optional' })).toMatch(/^http listens/)
    expect(rule({ http: address, authentication: 'required' })).toBeNull()
    expect(rule({ peer: address })).toMatch(/^peer listens on .* Set clusterKeyFile: cluster.key \(/)
    expect(rule({ peer: address, clusterKeyFile: 'key' })).toBeNull()
    expect(rule({ peer: address, clusterKeyFile: 'key', clusterKey: 'optional' })).toMatch(/^peer/)
    const certificates = { peerTls: 'required', peerTlsClientCertificates: 'required' }
    expect(rule({ peer: address, ...certificates })).toBeNull()
    expect(rule({ peer: address, ...certificates, peerTls: 'allowed' })).toMatch(/^peer/)
    expect(rule({ peer: address, ...certificates, peerTlsClientCertificates: 'asked' })).toMatch(/^peer/)
  },
)

it('a cascade broker has no peer port', () => {
  expect(rule({ peer: '10.0.0.1:7080', source: ['127.0.0.1:8080'] })).toBeNull()
})

it('both ports are named together, and insecure is the way out', () => {
  const open = { http: '10.0.0.1:8080', peer: '10.0.0.1:7080' }
  expect(rule(open)).toMatch(/http listens.*peer listens.*authentication: required.*clusterKeyFile/)
  expect(rule({ ...open, insecure: true })).toBeNull()
  expect(exposures({ ...closed, ...open, insecure: true } as never)).toHaveLength(2)
})
