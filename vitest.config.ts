import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/**
 * Tests that start processes of their own: one file at a time, after the others, so that they measure what they mean
 * to.
 */
const processTests = ['test/e2e/**/*.test.ts']
/** Those of them that ask what happens, not how fast: they mostly wait, so two files share the machine. */
const functions = [
  'admin-sdk',
  'backup-credentials',
  'backup-reads',
  'browser',
  'browser-token',
  'cascade-forwarding',
  'cascade-retention',
  'cascade-topics',
  'cli',
  'completion',
  'consumer-groups',
  'console',
  'console-consumer-groups',
  'console-records',
  'consumer-group-sdk',
  'deleted-records',
  'durable-streams',
  'effects-guide',
  'event-streams',
  'exit-codes',
  'flight-history',
  'history',
  'http',
  'insecure-ports',
  'majority',
  'metrics',
  'open-files',
  'packages',
  'reading',
  'sealed-tokens',
  'secured-start',
  'start-up',
  'stream-subscriptions',
  'tls',
  'tracing',
  'websocket-examples',
  'typed-topics',
]
/**
 * Beside their file as the others, but they take seconds each, too long for `npm run check`, or need a process or
 * modules of their own.
 */
const slowTests = [
  'broker/src/cascade/chosen-topics.test.ts',
  'broker/src/cascade/deleted-records.test.ts',
  'broker/src/cascade/greedy-broker.test.ts',
  'broker/src/cascade/memory-tier.test.ts',
  'broker/src/cascade/slow-source.test.ts',
  'broker/src/cascade/tiers.test.ts',
  'broker/src/cascade/upstream/home.test.ts',
  'broker/src/cli/admin/groups.test.ts',
  'broker/src/cli/health/look-at-brokers.test.ts',
  'broker/src/cli/top/top.test.ts',
  'broker/src/doors/credentials.test.ts',
  'broker/src/doors/http/body-deadlines.test.ts',
  'broker/src/doors/http/line-publishing.test.ts',
  'broker/src/doors/http/pipelining.test.ts',
  'broker/src/doors/http/security-routes.test.ts',
  'broker/src/doors/http/tls.test.ts',
  'broker/src/doors/json/json-values.test.ts',
  'broker/src/doors/json/record.test.ts',
  'broker/src/doors/quotas.test.ts',
  'broker/src/doors/server.test.ts',
  'broker/src/doors/sse/event-stream-rights.test.ts',
  'broker/src/doors/sse/event-stream.test.ts',
  'broker/src/doors/stalled-clients.test.ts',
  'broker/src/doors/topic-identity.test.ts',
  'broker/src/doors/ws/cascade-requests.test.ts',
  'broker/src/doors/ws/messages/shared-texts.test.ts',
  'broker/src/doors/ws/slow-text-readers.test.ts',
  'broker/src/doors/ws/stream.test.ts',
  'broker/src/doors/ws/subject-clients.test.ts',
  'broker/src/doors/ws/watch-clients.test.ts',
  'broker/src/log/received-log.test.ts',
  'broker/src/log/recovery/corruption.test.ts',
  'broker/src/log/recovery/recovery.test.ts',
  'broker/src/log/recovery/reopen.test.ts',
  'broker/src/log/recovery/shared-syncs.test.ts',
  'broker/src/log/stored-logs.test.ts',
  'broker/src/partition/broker/due-ticks.test.ts',
  'broker/src/partition/broker/sleepers.test.ts',
  'broker/src/partition/copies/copies.test.ts',
  'broker/src/partition/copies/machine-snapshots.test.ts',
  'broker/src/partition/copies/repair.test.ts',
  'broker/src/partition/replica/lost-tail.test.ts',
  'broker/src/partition/replica/members.test.ts',
  'broker/src/partition/replica/publish/publish.test.ts',
  'broker/src/partition/replica/quarantine.test.ts',
  'broker/src/partition/replica/read/leader-reads.test.ts',
  'broker/src/partition/replica/read/token-reads.test.ts',
  'broker/src/partition/replica/restart.test.ts',
  'broker/src/partition/replica/shared-syncs.test.ts',
  'broker/src/platform/node/memory-release.test.ts',
  'consumer/src/consumer.test.ts',
  'consumer/src/groups/beats/bundle.test.ts',
  'consumer/src/groups/consumer-group.test.ts',
  'consumer/src/groups/run/run.test.ts',
  'consumer/src/levels.test.ts',
  'consumer/src/recreated.test.ts',
  'producer/src/conditional-send.test.ts',
  'producer/src/faults.test.ts',
  'producer/src/producer.test.ts',
  'producer/src/recreated.test.ts',
  'schemas/src/avro/codecs.test.ts',
  'schemas/src/frame-reader.test.ts',
  'schemas/src/list-bounds.test.ts',
  'schemas/src/record-unions.test.ts',
  'test/deploy/**/*.test.ts',
  'test/faults/**/*.test.ts',
  'test/fuzz/**/*.test.ts',
  'test/security/**/*.test.ts',
  'test/sim/**/*.test.ts',
  'test/tls/test-cluster.test.ts',
  'testing/src/simulation/simulate.test.ts',
  'testing/src/test-cluster.test.ts',
]
/** The packed packages in projects of others: tools of others, that .ci/tools installs. */
const packageTests = ['test/packages/**/*.test.ts']
const functionTests = functions.map((name) => `test/e2e/${name}.test.ts`)
/**
 * Minutes in all, so they are left to `npm run test:long`: more seeds and inputs, tools and brokers of others, and what
 * takes the longest of what real processes do.
 */
const longTests = [
  'test/deploy/alerts-fire.test.ts',
  'test/deploy/compose-run.test.ts',
  'test/e2e/backup-s3.test.ts',
  'test/e2e/backup.test.ts',
  'test/e2e/cascade-credentials.test.ts',
  'test/e2e/cascade-memory.test.ts',
  'test/e2e/cluster-key.test.ts',
  'test/e2e/console-access.test.ts',
  'test/e2e/console-spread.test.ts',
  'test/e2e/durable-streams-suite.test.ts',
  'test/e2e/ends-with-parent.test.ts',
  'test/e2e/forced-members.test.ts',
  'test/e2e/guides.test.ts',
  'test/e2e/health.test.ts',
  'test/e2e/hostile-peers.test.ts',
  'test/e2e/late-replica.test.ts',
  'test/e2e/line-publishing.test.ts',
  'test/e2e/lost-disk.test.ts',
  'test/e2e/made-up-source.test.ts',
  'test/e2e/members.test.ts',
  'test/e2e/mixed-versions.test.ts',
  'test/e2e/nearest-level.test.ts',
  'test/e2e/older-brokers.test.ts',
  'test/e2e/paused-consumer.test.ts',
  'test/e2e/planted-secrets.test.ts',
  'test/e2e/ready-replicas.test.ts',
  'test/e2e/sample-programs.test.ts',
  'test/e2e/top.test.ts',
  'test/e2e/topics-in-one-loop.test.ts',
  'test/fuzz/more-inputs.test.ts',
  'test/sim/broker/more-brokers.test.ts',
  'test/sim/core/more-cores.test.ts',
  'test/sim/tree/more-trees.test.ts',
  'test/sim/tree/tree.test.ts',
  'test/tool-arguments.test.ts',
  'testing/src/simulation/more-seeds.test.ts',
]
/** Of these those that measure, so that they run alone. */
const longProcessTests = [
  'test/e2e/abuse.test.ts',
  'test/e2e/balance.test.ts',
  'test/e2e/console-reach.test.ts',
  'test/e2e/console-wide.test.ts',
  'test/e2e/consumer-group-chaos.test.ts',
  'test/e2e/failover.test.ts',
  'test/e2e/fan-out.test.ts',
  'test/e2e/faults.test.ts',
  'test/e2e/few-faults.test.ts',
  'test/e2e/idle.test.ts',
  'test/e2e/reconfiguration.test.ts',
  'test/e2e/silent-groups.test.ts',
  'test/e2e/tls-rolling.test.ts',
  'test/e2e/tls-rotation.test.ts',
]
/** What real processes show is often told once a second only; the default of vitest is one second. */
const patience = { poll: { timeout: 15_000 } }
const elsewhere = ['**/node_modules/**', '**/dist/**']

// By default one less than there are cores, which is one on two.
const maxWorkers = Math.max(2, availableParallelism() - 1)

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['*/src/**/*.test.ts', '*/test-*/**/*.test.ts', 'scripts/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...elsewhere, ...processTests, ...slowTests, ...longTests, ...packageTests],
          // Files share their modules: loading these anew for each takes longer than the tests.
          isolate: false,
          maxWorkers,
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'slow',
          include: slowTests,
          exclude: [...elsewhere, ...longTests],
          maxWorkers,
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'functions',
          include: functionTests,
          maxWorkers: 2,
          testTimeout: 120_000,
          expect: patience,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'processes',
          include: processTests,
          exclude: [...elsewhere, ...functionTests, ...longTests, ...longProcessTests],
          fileParallelism: false,
          testTimeout: 120_000,
          expect: patience,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'long',
          include: longTests,
          maxWorkers: 2,
          testTimeout: 120_000,
          expect: patience,
          hookTimeout: 60_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'long-packages',
          include: packageTests,
          fileParallelism: false,
          testTimeout: 120_000,
          expect: patience,
          hookTimeout: 60_000,
          sequence: { groupOrder: 5 },
        },
      },
      {
        test: {
          name: 'long-processes',
          include: longProcessTests,
          fileParallelism: false,
          testTimeout: 120_000,
          expect: patience,
          hookTimeout: 60_000,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
})
