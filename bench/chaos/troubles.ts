/** What befalls a run while it lasts, each line of it by a chance of its own: the world, the processes, their database, the phones. */
import { makeChance } from '../kill/chance'
import { type Program } from '../kill/lives'
import { dealer } from './dealer'
import { faultFamilies } from './faults'
import { type Ground } from './ground'
import { type Instance, type Notes } from './hosts'
import { type Load } from './load'
import { processFaults, type ProcessFault } from './process-faults'
import { DOMAIN, type World } from './world'

/** So many of several instances are killed, whatever is drawn. */
export const KILLED = 2

export interface Troubled {
  readonly seed: number
  readonly world: World
  readonly load: Load
  readonly ground: Ground
  readonly hosts: readonly Instance[]
  /** The one under test, and an older one where it begins with that. */
  readonly programs: readonly [Program, ...Program[]]
  readonly notes: Notes
  /** How often each fault was drawn. */
  readonly drawn: Map<string, number>
  /** False of a fault that is left out. */
  readonly isWanted: (fault: { readonly name: string }) => boolean
  readonly sleep: (ms: number) => Promise<void>
}

const note = ({ drawn }: Troubled, name: string): void => void drawn.set(name, (drawn.get(name) ?? 0) + 1)

/** Faults of push services, network and link, several at a time. */
export async function troubleTheWorld(run: Troubled, end: number): Promise<void> {
  const chance = makeChance(run.seed + 1)
  const deals = faultFamilies.map((family) => dealer(family.filter(run.isWanted), chance))
  const under: Promise<void>[] = []
  while (performance.now() < end) {
    await run.sleep(chance.between(100, 900))
    const fault = deals[chance.whole(deals.length)]?.()
    if (fault === undefined) continue
    note(run, fault.name)
    const over = fault.begin(run.world, chance)
    under.push(run.sleep(Math.min(chance.between(300, 4_000), end - performance.now())).then(over))
  }
  await Promise.all(under)
  run.world.apns.clearScripts()
  run.world.fcm.heal()
  run.world.web.heal()
  run.world.oauth.heal()
}

/** Of several instances the first ones are killed for sure; each goes over to the newer program at its own time. */
export async function troubleTheProcess(run: Troubled, host: Instance, number: number, end: number): Promise<void> {
  const { ground, programs } = run
  const isShared = run.hosts.length > 1
  const chance = makeChance(run.seed + 2 + number * 1_000)
  const disks = ground.faults.length === 0 && ground.disk.isReal
  const isUpgrade = programs.length > 1
  const possible = processFaults
    .filter(run.isWanted)
    .filter(({ name }) => disks || !name.startsWith('disk'))
    // What an older version has not learnt yet is not what a run with it is about.
    .filter(({ name }) => !isUpgrade || !name.startsWith('clock'))
  const deal = dealer<ProcessFault>(possible, chance)
  const begun = performance.now()
  const at = (share: number): number => begun + (end - begun) * share
  const killAt = isShared && number < KILLED ? at(chance.between(0.2, 0.7)) : Infinity
  const upgradeAt = isUpgrade ? at((number + 1) / (run.hosts.length + 1)) : Infinity
  let isOlder = isUpgrade
  const [least, most] = isShared ? [1_000, 6_000] : [500, 4_000]
  const go = async (fault: ProcessFault): Promise<void> => {
    note(run, fault.name)
    await fault.run(host, chance)
  }
  const kill = processFaults.filter(run.isWanted).find(({ name }) => name === 'SIGKILL')
  while (performance.now() < end) {
    await run.sleep(Math.min(chance.between(least, most), end - performance.now()))
    host.weigh()
    if (isOlder && performance.now() >= upgradeAt) {
      isOlder = false
      note(run, 'goes over to the newer program')
      await host.upgrade(programs[0])
    }
    const isDue = performance.now() >= killAt && host.kills() === 0
    const fault = isDue ? (kill ?? deal()) : performance.now() >= end ? undefined : deal()
    if (fault !== undefined) await go(fault)
  }
  // A slow machine may have been busy with another fault until the end.
  if (killAt < Infinity && host.kills() === 0 && kill !== undefined) await go(kill)
  if (isOlder) await host.upgrade(programs[0])
}

/** The database is stopped and killed for sure, then whatever is drawn. */
export async function troubleTheGround(run: Troubled, end: number): Promise<void> {
  const chance = makeChance(run.seed + 6)
  const faults = run.programs.length > 1 ? [] : run.ground.faults.filter(run.isWanted)
  const deal = dealer(faults, chance)
  const first = dealer(faults.slice(0, 2), chance)
  for (let dealt = 0; faults.length > 0 && (dealt < 2 || performance.now() < end); dealt++) {
    await run.sleep(Math.min(chance.between(2_000, 9_000), end - performance.now()))
    const fault = dealt < 2 ? first() : performance.now() < end ? deal() : undefined
    if (fault === undefined) continue
    note(run, fault.name)
    await fault.run(chance)
  }
}

/** Phones that die, come back after a while with another token, and phones that only get another token. */
export async function liveTheirLives(run: Troubled, end: number): Promise<void> {
  const { world, load } = run
  const chance = makeChance(run.seed + 4)
  const { all, kill, revive } = world.devices
  const away = (): boolean => world.server.connections(DOMAIN) === 0
  while (performance.now() < end) {
    await run.sleep(chance.between(200, 800))
    const device = all[chance.whole(all.length)]
    if (device === undefined || away()) continue
    if (!device.isAlive) revive(device)
    else if (device.isRegistered && chance.unit() < 0.5) kill(device)
    else if (device.isRegistered && chance.unit() < 0.3) revive(device)
    for (const each of all) if (each.isAlive && !each.isRegistered && !away()) void load.register(each)
  }
}
