/** `xmpp-push import p2` and `import appserver`: another service's devices into the registry, and proof that they are there. */
import { type Incoming, type TakenIn } from '../admin/take-in'
import { type Config, readConfig } from '../config'
import { type App } from '../config/app'
import { type DeviceSource, type ForeignDevice, type LeftOut, SourceRefused } from '../imports/import'
import { digestOf, makeChecksum } from '../model/digest'
import { BrokenOff, type EndSignal, hearEndSignal, orBreakOff } from './end-signal'
import { faultLines } from './faults'
import { type Door, openDoor } from './import-door'
import { deviceReport, type DeviceReport, MOST_TOLD } from './import-report'
import { makeProgress, type Progress } from './progress'
import { type ExitCode, type Terminal } from './terminal'

export interface ImportDevicesWords {
  readonly file: string
  /** The dump or folder that the other service left. */
  readonly source: string
  readonly json: boolean
  readonly dryRun: boolean
  /** The JID of ours that the devices know; may be left out where the configuration has one component. */
  readonly service?: string | undefined
  /** The apps that its devices belong to; may be left out where there is one that fits. */
  readonly apps: { readonly apns?: string | undefined; readonly fcm?: string | undefined }
}

const AT_ONCE = 500

const GOES_ON = 'were taken in by then and stay; the same command goes on'
const NOTHING_CHANGED = 'nothing was changed (--dry-run)'

class Failed extends Error {}

function serviceOf({ components }: Config, named: string | undefined): string {
  const domains = components.map(({ domain }) => domain)
  if (named !== undefined && !domains.includes(named))
    throw new Failed(`--service ${named}: the configuration attaches ${domains.join(' and ')}`)
  const [only, ...more] = domains
  const service = named ?? only
  if (service === undefined || (named === undefined && more.length > 0))
    throw new Failed(`name the component that the devices registered at: --service ${domains.join(' or ')}`)
  return service
}

/** The app of a push service: the one that is named, the only one of the dialect's own profile, the only one. */
function appOf({ apps }: Config, speaks: 'apns' | 'fcm', named: string | undefined, dialect: string): App | string {
  const fitting = [...apps.values()].filter(({ provider }) => provider.speaks === speaks)
  const names = fitting.map(({ name }) => name).join(' or ')
  if (named !== undefined) {
    const app = fitting.find(({ name }) => name === named)
    if (app !== undefined) return app
    throw new Failed(
      `--${speaks} ${named}: there is no such app for ${speaks}${names === '' ? '' : `; there is ${names}`}`,
    )
  }
  const own = fitting.filter(({ profile }) => profile.name === dialect)
  const [only, ...more] = own.length === 1 ? own : fitting
  if (only === undefined) return `the configuration has no app for ${speaks}`
  if (more.length === 0) return only
  throw new Failed(`several apps may be meant; name one: --${speaks} ${names}`)
}

interface Reading {
  readonly incoming: AsyncGenerator<Incoming | LeftOut>
}

/** What the source holds, as the registry takes it, and what it can't take. */
function reading(source: DeviceSource, words: ImportDevicesWords, config: Config): Reading {
  const service = serviceOf(config, words.service)
  const apps = new Map<string, App | string>()
  const fit = ({ speaks, dialect }: ForeignDevice): App | string => {
    const known = apps.get(speaks) ?? appOf(config, speaks, words.apps[speaks], dialect)
    apps.set(speaks, known)
    return known
  }
  const incomingOf = (device: ForeignDevice): Incoming | LeftOut => {
    const { where, dialect, owner, node, secret, hints, registeredAt } = device
    const app = fit(device)
    if (typeof app === 'string') return { where, why: app, mend: 'Add one to "apps" and import again' }
    const address = app.provider.address(device.address.reveal())
    if (address === undefined) {
      const mend = 'If the app is another one, name it; if not, the app registers again by itself'
      return { where, why: `its token is none of ${app.name} (${device.speaks})`, mend }
    }
    return {
      ...{ service, node, owner, dialect, device: device.device, app: app.name, hints, registeredAt },
      ...{ secret: secret.reveal(), address },
    }
  }
  async function* incoming(): AsyncGenerator<Incoming | LeftOut> {
    for await (const entry of source.read(words.source))
      yield entry.is === 'left' ? entry.left : incomingOf(entry.device)
  }
  return { incoming: incoming() }
}

type Heard = (incoming: Incoming, stands: TakenIn) => void

/** Hands everything over once; tells how each device stood, and what was left out. */
async function pass(
  { incoming }: Reading,
  door: Door,
  commit: boolean,
  heard: { readonly device: Heard; readonly left: (left: LeftOut) => void; readonly page: () => void },
): Promise<void> {
  let held: Incoming[] = []
  const flush = async (): Promise<void> => {
    const stands = held.length === 0 ? [] : await door.take(held, commit)
    held.forEach((each, at) => {
      const its = stands[at]
      if (its !== undefined) heard.device(each, its)
    })
    held = []
    heard.page()
  }
  for await (const each of incoming) {
    if ('why' in each) heard.left(each)
    else if (held.push(each) >= AT_ONCE) await flush()
  }
  await flush()
}

async function importInto(
  door: Door,
  source: DeviceSource,
  words: ImportDevicesWords,
  config: Config,
  { progress, end }: { readonly progress: Progress; readonly end: EndSignal },
): Promise<DeviceReport> {
  const stood = { new: 0, changed: 0, there: 0, own: 0, ended: 0 }
  const left: LeftOut[] = []
  let leftOut = 0
  let ended: { where: string; why: string; mend: string }[] = []
  const known = makeChecksum()
  const read = (): number => leftOut + Object.values(stood).reduce((sum, count) => sum + count, 0)
  await pass(reading(source, words, config), door, !words.dryRun, {
    device(each, stands) {
      stood[stands.is]++
      if (stands.is === 'ended') {
        const where = `node ${each.node}`
        const why = `ended here ${new Date(stands.at).toISOString()}: ${stands.why}`
        if (ended.length < MOST_TOLD) ended = [...ended, { where, why, mend: 'The app registers again by itself' }]
      } else if (stands.is !== 'own') known.add(digestOf(each))
      progress.at(read())
    },
    left(each) {
      leftOut++
      if (left.length < (words.json ? Infinity : MOST_TOLD)) left.push(each)
      progress.at(read())
    },
    page: () => orBreakOff(end, () => (words.dryRun ? NOTHING_CHANGED : `${read()} devices ${GOES_ON}`)),
  })
  const proven = makeChecksum()
  let found = 0
  if (!words.dryRun) {
    // From what is on disk, by reading the source once more: what was said above is not believed.
    progress.next('devices looked at again')
    const total = read() - leftOut
    let looked = 0
    await pass(reading(source, words, config), door, false, {
      device(_each, stands) {
        progress.at(++looked, total)
        if (stands.is !== 'there') return
        found++
        proven.add(stands.digest)
      },
      left: () => undefined,
      page: () => orBreakOff(end, () => `all ${total} devices ${GOES_ON} and looks at them again`),
    })
  }
  const expected = stood.new + stood.changed + stood.there
  return {
    ...{ peer: source.name, source: words.source, into: door.where, dryRun: words.dryRun, stood, leftOut, left, ended },
    ...{ expected, found, checksum: { source: known.text(), store: words.dryRun ? undefined : proven.text() } },
  }
}

/** 0 where every device of the source is here, 1 where one is left out or anything went wrong; says which, and why. */
export async function importDevices(
  source: DeviceSource,
  words: ImportDevicesWords,
  terminal: Terminal,
): Promise<ExitCode> {
  const read = readConfig({ file: words.file })
  if (read.is === 'faults') {
    terminal.err(`${faultLines(read.faults).join('\n')}\n`)
    return 1
  }
  const tell = (text: string): void => terminal.err(`xmpp-push: ${text}\n`)
  let door: Door | undefined
  const end = hearEndSignal()
  const progress = makeProgress('devices', { stream: terminal.progress, clock: terminal.clock })
  try {
    reading(source, words, read.config)
    door = await openDoor(read.config, { commit: !words.dryRun, trouble: tell, clock: terminal.clock })
    const report = await importInto(door, source, words, read.config, { progress, end })
    progress.end()
    const { text, code } = deviceReport(report, words.json)
    terminal.out(text)
    return code
  } catch (error) {
    progress.end()
    const why = error instanceof Error ? error.message : String(error)
    const isOurs = error instanceof Failed || error instanceof SourceRefused || error instanceof BrokenOff
    tell(isOurs || door === undefined ? why : `${why}; what was taken in so far stays, and the same command goes on`)
    return 1
  } finally {
    end.off()
    await door?.close()
  }
}
