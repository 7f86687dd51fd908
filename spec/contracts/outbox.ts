/**
 * What every outbox does, whatever it is made of. An implementation's spec calls `outboxContract` and adds its quirks.
 */
import { outboxCoalesces } from './outbox-coalescing'
import { outboxHandsOut } from './outbox-handing-out'
import { outboxOutlives } from './outbox-lifetime'
import { outboxKeepsItsPromises } from './outbox-property'
import { type OutboxSetUp, outboxScene } from './outbox-scene'
import { outboxSettles } from './outbox-settling'

/**
 * Declares the whole suite. One open outbox serves most tests, each with an app of its own. `stories`: of its own making, that the last test
 * plays; fewer where each takes long.
 */
export function outboxContract(setUp: OutboxSetUp, stories?: number): void {
  const scene = outboxScene(setUp)
  outboxHandsOut(scene)
  outboxCoalesces(scene)
  outboxSettles(scene)
  outboxOutlives(scene)
  outboxKeepsItsPromises(scene, stories)
}
