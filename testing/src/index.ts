export type { LogLine } from 'tailrace/embedded'
export { SimulationFailure } from './simulation/failure.ts'
export type { Delay, Fault, Faults, PlannedFault } from './simulation/faults.ts'
export type { Program, ProgramWorld } from './simulation/program.ts'
export type { ProgramClock } from './simulation/program-clock.ts'
export type { SimRandom } from './simulation/sim-random.ts'
export {
  type Scenario,
  type ScenarioOptions,
  type ScenarioWorld,
  type Simulated,
  type SimulateManyOptions,
  type SimulateOptions,
  simulate,
} from './simulation/simulate.ts'
export { type ClusterOptions, startCluster } from './start-cluster.ts'
export type { BrokerState, TestBroker } from './test-broker.ts'
export type { NewTopic, TestCluster } from './test-cluster.ts'
