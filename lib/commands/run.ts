/** `xmpp-push run`: the service, from its configuration to its last settled delivery. */
import { type Reloaded } from '../admin/questions'
import { readConfig, type Config } from '../config'
import { makeObserve } from '../observe'
import { startService, type Service } from '../service'
import { endOf, hearEndSignal } from './end-signal'
import { faultLines } from './faults'
import { makeExchanging } from './exchanging'
import { giveBackAtRest } from './giving-back'
import { optimizeOnceBusy } from './optimizing'
import { makeReloading, type Reloading } from './reloading'
import { type ExitCode, type Terminal } from './terminal'
import { collectOldSooner, keepYoung } from './young-objects'
import { boundYoungRoom } from './young-room'

function load(file: string, terminal: Terminal): Config | undefined {
  const read = readConfig({ file })
  if (read.is === 'config') return read.config
  terminal.err(`${faultLines(read.faults).join('\n')}\n`)
  return undefined
}

/** Runs until SIGTERM or SIGINT; SIGHUP reads the configuration again, and a changed key file is read by itself. 1 if the configuration or the store can't be used. */
export async function run({ file }: { readonly file: string }, terminal: Terminal): Promise<ExitCode> {
  keepYoung()
  collectOldSooner()
  const { clock } = terminal
  const unoptimized = optimizeOnceBusy({ clock })
  const looks = [unoptimized.stop, boundYoungRoom({ clock })]
  const stopLooking = (): void => looks.forEach((stop) => stop())
  const config = load(file, terminal)
  if (config === undefined) {
    stopLooking()
    terminal.err(`${file}: not started; \`xmpp-push check\` shows the whole picture\n`)
    return 1
  }
  const observe = makeObserve(config.log)
  // One that comes while the service starts must not be the system's own sudden end; what is out comes back at the next start.
  const end = hearEndSignal()
  const starting = { faults: [{ path: file, text: 'the service is starting', mend: 'Ask again in a moment' }] }
  let reloading: Reloading | undefined
  const reload = async (): Promise<Reloaded> => reloading?.all() ?? starting
  const onHangUp = (): void => void reload()
  process.on('SIGHUP', onHangUp)
  const exchanging = makeExchanging(config, clock, observe)
  const { exchange } = exchanging
  const its = { observe, clock, proves: true, reload, ...(exchange === undefined ? {} : { exchange }) }
  const start = (): Promise<Service> => startService(exchanging.config, its)
  looks.push(giveBackAtRest({ clock }))
  try {
    let service = await start()
    unoptimized.started()
    for (let current = config; ;) {
      reloading = makeReloading({ config: current, service, clock, observe })
      const why = await Promise.race([endOf(end), exchanging.wanted()])
      current = reloading.current()
      reloading.stop()
      reloading = undefined
      if (why !== 'exchange') {
        process.off('SIGHUP', onHangUp)
        await service.stop(`${why} was received`)
        return 0
      }
      await service.stop('a backup takes the place of its store')
      service = await exchanging.done(start)
      // What a restart alone brings into force is as it was; the rest as it was read last.
      if (current !== config)
        await service
          .reload(current)
          .catch((error: unknown) => observe({ at: 'trouble', about: file, text: String(error) }))
    }
  } catch (error) {
    terminal.err(`xmpp-push: not started: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  } finally {
    process.off('SIGHUP', onHangUp)
    stopLooking()
    end.off()
  }
}
