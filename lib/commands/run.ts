/** `xmpp-push run`: the service, from its configuration to its last settled delivery. */
import { type Reloaded } from '../admin/questions'
import { readConfig, type Config } from '../config'
import { makeObserve } from '../observe'
import { startService, type Service } from '../service'
import { endOf, hearEndSignal } from './end-signal'
import { faultLines } from './faults'
import { makeReloading } from './reloading'
import { type ExitCode, type Terminal } from './terminal'
import { keepYoung } from './young-objects'

function load(file: string, terminal: Terminal): Config | undefined {
  const read = readConfig({ file })
  if (read.is === 'config') return read.config
  terminal.err(`${faultLines(read.faults).join('\n')}\n`)
  return undefined
}

/** Runs until SIGTERM or SIGINT; SIGHUP reads the configuration again, and a changed key file is read by itself. 1 if the configuration or the store can't be used. */
export async function run({ file }: { readonly file: string }, terminal: Terminal): Promise<ExitCode> {
  keepYoung()
  const config = load(file, terminal)
  if (config === undefined) {
    terminal.err(`${file}: not started; \`xmpp-push check\` shows the whole picture\n`)
    return 1
  }
  const observe = makeObserve(config.log)
  // One that comes while the service starts must not be the system's own sudden end; what is out comes back at the next start.
  const end = hearEndSignal()
  let service: Service
  const starting = { faults: [{ path: file, text: 'the service is starting', mend: 'Ask again in a moment' }] }
  let reload = async (): Promise<Reloaded> => starting
  const onHangUp = (): void => void reload()
  process.on('SIGHUP', onHangUp)
  try {
    service = await startService(config, { observe, clock: terminal.clock, proves: true, reload: () => reload() })
  } catch (error) {
    terminal.err(`xmpp-push: not started: ${error instanceof Error ? error.message : String(error)}\n`)
    process.off('SIGHUP', onHangUp)
    end.off()
    return 1
  }

  const reloading = makeReloading({ config, service, clock: terminal.clock, observe })
  reload = () => reloading.all()
  const signal = await endOf(end)
  process.off('SIGHUP', onHangUp)
  reloading.stop()
  await service.stop(`${signal} was received`)
  end.off()
  return 0
}
