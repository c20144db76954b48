import type { Command } from 'commander'
import type { CommandContext } from './commands/context.ts'

/** A command under `tailrace`, as far as the list of all commands shows it; the rest is loaded when it is called. */
export interface CommandEntry {
  readonly about: string
  /** What the list shows behind the name. */
  readonly usage: string
  readonly load: () => Promise<(context: CommandContext) => Command>
}

/** In the order of the list. */
export const commandTable: Readonly<Record<string, CommandEntry>> = {
  cluster: {
    about: 'start a cluster on this machine, look at one, or change its brokers',
    usage: '',
    load: async () => (await import('./commands/cluster.ts')).clusterCommand,
  },
  broker: {
    about: 'run one broker, or look at those of a cluster (list, describe)',
    usage: '[options]',
    load: async () => (await import('./commands/broker.ts')).brokerCommand,
  },
  cascade: {
    about: 'run a broker that copies from others and serves readers, or look after such brokers',
    usage: '[options]',
    load: async () => (await import('./commands/cascade.ts')).cascadeCommand,
  },
  topic: {
    about: 'create, list, describe, alter and delete topics',
    usage: '',
    load: async () => (await import('./commands/topic.ts')).topicCommand,
  },
  partition: {
    about: 'look at a partition, change its members and its leader',
    usage: '',
    load: async () => (await import('./commands/partition.ts')).partitionCommand,
  },
  group: {
    about: 'consumer groups: list and describe them, show lag, move positions, export, import and delete',
    usage: '',
    load: async () => (await import('./commands/consumer-group.ts')).groupCommand,
  },
  dlq: {
    about: 'dead letters, which no handler could handle: list, show, replay and drop them',
    usage: '',
    load: async () => (await import('./dead-letters/dlq-command.ts')).dlqCommand,
  },
  publish: {
    about: 'publish each line of a file or of standard input as a record',
    usage: '[options] <topic>',
    load: async () => (await import('./commands/publish.ts')).publishCommand,
  },
  tail: {
    about: 'print records of topics, as they come or up to an end',
    usage: '[options] <topics...>',
    load: async () => (await import('./commands/tail.ts')).tailCommand,
  },
  bench: {
    about: 'measure a cluster: how many records it takes and gives, and how long one is under way',
    usage: '[options]',
    load: async () => (await import('./bench/bench-command.ts')).benchCommand,
  },
  acl: {
    about: 'rules of who may do what: add, list, remove and try them',
    usage: '',
    load: async () => (await import('./commands/acl.ts')).aclCommand,
  },
  user: {
    about: 'create users, set their passwords, list and delete them',
    usage: '',
    load: async () => (await import('./commands/user.ts')).userCommand,
  },
  token: {
    about: 'create tokens for services, list and revoke them',
    usage: '',
    load: async () => (await import('./commands/token.ts')).tokenCommand,
  },
  quota: {
    about: 'limit what principals, clients and addresses may do: set, list and remove quotas',
    usage: '',
    load: async () => (await import('./commands/quota.ts')).quotaCommand,
  },
  audit: {
    about: 'print who did what: administrative acts, logins that failed, and refusals',
    usage: '[options]',
    load: async () => (await import('./commands/audit.ts')).auditCommand,
  },
  backup: {
    about: 'copy the records of a cluster into a folder or S3, check such copies, and make a cluster of one',
    usage: '',
    load: async () => (await import('./commands/backup.ts')).backupCommand,
  },
  certs: {
    about: 'make certificates for TLS, and look at them',
    usage: '',
    load: async () => (await import('./commands/certs.ts')).certsCommand,
  },
  profile: {
    about: 'brokers, user and TLS under a name, out of ~/.config/tailrace/config.yaml',
    usage: '',
    load: async () => (await import('./commands/profile.ts')).profileCommand,
  },
  doctor: {
    about: 'ask every broker how it is and say what somebody should do; exit code 0: nothing, 1: something',
    usage: '[options]',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  top: {
    about: 'watch brokers, topics and cascade brokers in the terminal; h shows the keys, q quits',
    usage: '[options]',
    load: async () => (await import('./commands/top.ts')).topCommand,
  },
  verify: {
    about:
      'read everything in the data folder of a broker that does not run, every checksum; exit code 0: sound, 1: damaged, 2: not looked at',
    usage: '[options] <folder>',
    load: async () => (await import('./commands/verify.ts')).verifyCommand,
  },
  log: {
    about: 'look at the files of a log',
    usage: '',
    load: async () => (await import('./commands/log.ts')).logCommand,
  },
  completion: {
    about: 'print a script that completes commands, options and their values in a shell; it says where it belongs',
    usage: '<shell> [words...]',
    load: async () => (await import('./commands/completion.ts')).completionCommand,
  },
}
