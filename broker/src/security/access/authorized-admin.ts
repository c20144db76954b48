import type { BrokerId, LogIndex } from '@tailrace/schemas'
import type {
  AdminApi,
  AuditRecord,
  ForcedMembers,
  GroupDescription,
  GroupTarget,
  MembersDescription,
  TopicChanges,
} from '../../api/admin-api.ts'
import type { TopicConfig } from '../../api/broker-api.ts'
import type { Operation } from '../../api/security-api.ts'
import type { Guard } from './guard.ts'

/**
 * The AdminApi of one session. What changes a group is a matter of the cluster, as in Kafka; the audit says who the
 * session is, not what the caller says of himself.
 */
export class AuthorizedAdmin implements AdminApi {
  readonly #admin: AdminApi
  readonly #guard: Guard

  constructor(admin: AdminApi, guard: Guard) {
    this.#admin = admin
    this.#guard = guard
  }

  async members(target: GroupTarget): Promise<MembersDescription> {
    this.#describe(target)
    return this.#admin.members(target)
  }

  async changeMembers(target: GroupTarget, replicas: readonly BrokerId[]): Promise<void> {
    return this.#asOperator('alter').changeMembers(target, replicas)
  }

  async cancelChange(target: GroupTarget): Promise<void> {
    return this.#asOperator('alter').cancelChange(target)
  }

  async transferLeadership(target: GroupTarget, to: BrokerId): Promise<{ readonly leader: BrokerId }> {
    return this.#asOperator('alter').transferLeadership(target, to)
  }

  async forceMembers(
    target: GroupTarget,
    request: { readonly members: readonly BrokerId[]; readonly acceptDataLoss: boolean; readonly by: string },
  ): Promise<ForcedMembers> {
    const { members, acceptDataLoss, by } = request
    return this.#asOperator('alter').forceMembers(target, { members, acceptDataLoss, by: this.#name(by) })
  }

  async snapshot(
    target: GroupTarget,
    request: { readonly broker: BrokerId; readonly thenFetch: boolean },
  ): Promise<{ readonly index: LogIndex; readonly bytes: number }> {
    return this.#asOperator('alter').snapshot(target, request)
  }

  async setPriority(
    target: GroupTarget,
    request: { readonly broker: BrokerId; readonly factor: number },
  ): Promise<void> {
    return this.#asOperator('alter').setPriority(target, request)
  }

  async describeGroup(target: GroupTarget): Promise<GroupDescription> {
    this.#describe(target)
    return this.#admin.describeGroup(target)
  }

  async alterTopic(name: string, changes: TopicChanges, topicId?: string): Promise<TopicConfig> {
    this.#guard.topic('alter-configs', name)
    return this.#admin.alterTopic(name, changes, topicId, this.#guard.session)
  }

  async removeBroker(broker: BrokerId, by = ''): Promise<void> {
    return this.#asOperator('alter').removeBroker(broker, this.#name(by))
  }

  async raiseFeatureLevel(request: Parameters<AdminApi['raiseFeatureLevel']>[0]): Promise<{ readonly level: number }> {
    const { level, by, cascades } = request
    return this.#asOperator('alter').raiseFeatureLevel({ level, by: this.#name(by), cascades })
  }

  async audit(): Promise<readonly AuditRecord[]> {
    return this.#asOperator('describe').audit()
  }

  #asOperator(operation: Operation): AdminApi {
    this.#guard.cluster(operation)
    return this.#admin
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
