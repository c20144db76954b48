import type { BrokerId, LogIndex, Offset } from '@tailrace/schemas'
import type {
  AdminApi,
  AdminService,
  AuditRecord,
  ForcedMembers,
  GroupDescription,
  GroupTarget,
  MembersDescription,
  MovesDescription,
  PartitionTarget,
  TopicChanges,
} from '../../api/admin-api.ts'
import type { TopicConfig, TopicSummary } from '../../api/broker-api.ts'
import type { BalanceDescription } from '../../api/upkeep-api.ts'
import type { Guard } from './guard.ts'

/**
 * The AdminApi of one session. What changes a group is a matter of the cluster, as in Kafka; the audit says who the
 * session is, not what the caller says of himself.
 */
export class AuthorizedAdmin implements AdminApi {
  readonly #service: AdminService
  readonly #guard: Guard

  constructor(service: AdminService, guard: Guard) {
    this.#service = service
    this.#guard = guard
  }

  get #admin(): AdminApi {
    return this.#service.for(this.#guard.session)
  }

  async members(target: GroupTarget): Promise<MembersDescription> {
    this.#describe(target)
    return this.#admin.members(target)
  }

  async changeMembers(target: GroupTarget, replicas: readonly BrokerId[]): Promise<void> {
    return this.#act('change-members', textOf(target), (admin) => admin.changeMembers(target, replicas))
  }

  async cancelChange(target: GroupTarget): Promise<void> {
    return this.#act('cancel-change', textOf(target), (admin) => admin.cancelChange(target))
  }

  async transferLeadership(target: GroupTarget, to: BrokerId): Promise<{ readonly leader: BrokerId }> {
    return this.#act('transfer-leadership', textOf(target), (admin) => admin.transferLeadership(target, to))
  }

  async forceMembers(
    target: GroupTarget,
    request: { readonly members: readonly BrokerId[]; readonly acceptDataLoss: boolean; readonly by: string },
  ): Promise<ForcedMembers> {
    const { members, acceptDataLoss, by } = request
    const forced = { members, acceptDataLoss, by: this.#name(by) }
    return this.#act('force-members', textOf(target), (admin) => admin.forceMembers(target, forced))
  }

  async snapshot(
    target: GroupTarget,
    request: { readonly broker: BrokerId; readonly thenFetch: boolean },
  ): Promise<{ readonly index: LogIndex; readonly bytes: number }> {
    return this.#act('snapshot', textOf(target), (admin) => admin.snapshot(target, request))
  }

  async setPriority(
    target: GroupTarget,
    request: { readonly broker: BrokerId; readonly factor: number },
  ): Promise<void> {
    return this.#act('set-priority', textOf(target), (admin) => admin.setPriority(target, request))
  }

  async describeGroup(target: GroupTarget): Promise<GroupDescription> {
    this.#describe(target)
    return this.#admin.describeGroup(target)
  }

  async alterTopic(name: string, changes: TopicChanges, topicId?: string): Promise<TopicConfig> {
    this.#guard.topic('alter-configs', name)
    const alter = () => this.#admin.alterTopic(name, changes, topicId)
    return this.#guard.audited('alter-topic', `topic "${name}"`, alter)
  }

  async addPartitions(name: string, partitions: number, topicId?: string): Promise<TopicSummary> {
    this.#guard.topic('alter', name)
    const add = () => this.#admin.addPartitions(name, partitions, topicId)
    return this.#guard.audited('add-partitions', `topic "${name}"`, add)
  }

  async deleteRecords(target: PartitionTarget, before: Offset): Promise<{ readonly logStart: Offset }> {
    this.#guard.topic('delete', target.topic)
    const remove = () => this.#admin.deleteRecords(target, before)
    return this.#guard.audited('delete-records', `${textOf(target)} before ${before}`, remove)
  }

  async removeBroker(broker: BrokerId, by = ''): Promise<void> {
    const name = this.#name(by)
    return this.#act('remove-broker', `broker ${broker}`, (admin) => admin.removeBroker(broker, name))
  }

  async raiseFeatureLevel(request: Parameters<AdminApi['raiseFeatureLevel']>[0]): Promise<{ readonly level: number }> {
    const { level, by, cascades } = request
    const raise = { level, by: this.#name(by), cascades }
    return this.#act('raise-feature-level', 'cluster', (admin) => admin.raiseFeatureLevel(raise))
  }

  async balance(): Promise<BalanceDescription> {
    this.#guard.cluster('describe')
    return this.#admin.balance()
  }

  async setBalancing(balancing: boolean, by = ''): Promise<void> {
    const name = this.#name(by)
    return this.#act('set-balancing', 'cluster', (admin) => admin.setBalancing(balancing, name))
  }

  async setDraining(broker: BrokerId, draining: boolean, by = ''): Promise<void> {
    const name = this.#name(by)
    return this.#act('set-draining', `broker ${broker}`, (admin) => admin.setDraining(broker, draining, name))
  }

  async moves(): Promise<MovesDescription> {
    this.#guard.shownCluster()
    return this.#admin.moves()
  }

  async audit(): Promise<readonly AuditRecord[]> {
    this.#guard.shownCluster()
    return this.#admin.audit()
  }

  #act<Result>(action: string, target: string, act: (admin: AdminApi) => Promise<Result>): Promise<Result> {
    this.#guard.cluster('alter')
    return this.#guard.audited(action, target, () => act(this.#admin))
  }

  #describe(target: GroupTarget): void {
    if (target.kind === 'partition') this.#guard.topic('describe', target.topic)
    else this.#guard.cluster('describe')
  }

  /** `claimed`: what the caller says, which counts only where nobody has shown a credential. */
  #name(claimed: string): string {
    const { kind, principal, host } = this.#guard.session
    return kind === 'none' ? claimed : `${principal} from ${host}`
  }
}

function textOf(target: GroupTarget): string {
  return target.kind === 'metadata' ? 'metadata' : `topic "${target.topic}" partition ${target.partition}`
}
