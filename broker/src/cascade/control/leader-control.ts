import type { BrokerId } from '@tailrace/schemas'
import type { BeatAnswers } from '../wire/beat-answers.ts'
import type { LevelZeroControl } from './level-zero-control.ts'

/** The part of the control that answers other brokers of level 0 at the metadata leader. */
export interface LeaderControl extends Pick<LevelZeroControl, 'hearAsLeader' | 'statusAsLeader' | 'assignAsLeader'> {
  /** For the beats of a cascade broker that this broker of level 0 passes on. */
  answersTo(from: BrokerId, cascade: BrokerId): BeatAnswers
}
