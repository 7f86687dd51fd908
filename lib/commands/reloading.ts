/** Reads the configuration again: all of it when asked, and only what it points to when such a file changed. What can't be used changes nothing, and is told. */
import { type Reloaded } from '../admin/questions'
import { type Clock } from '../clock'
import { type Config, type ReadConfig, readConfig } from '../config'
import { type Observe } from '../observe'
import { type Service } from '../service'
import { watchFiles } from './file-changes'

export interface ReloadingOptions {
  /** What the service was started with. */
  readonly config: Config
  readonly service: Pick<Service, 'reload'>
  readonly clock: Clock
  readonly observe: Observe
  /** How a configuration is read; the process's own environment counts by default. */
  readonly read?: (source: Pick<Parameters<typeof readConfig>[0], 'file' | 'text'>) => ReadConfig
}

export interface Reloading {
  /** An operator asks for it (SIGHUP). Tells what can't be used, and changed nothing then. */
  all(): Promise<Reloaded>
  /** What counts now. */
  current(): Config
  stop(): void
}

/** Watches the files of keys, certificates and secrets from now on. */
export function makeReloading(options: ReloadingOptions): Reloading {
  const { service, clock, observe, read = readConfig } = options
  const { file } = options.config
  let current = options.config

  async function reload(found: ReadConfig): Promise<Reloaded> {
    if (found.is === 'faults') {
      for (const { path, text, mend } of found.faults) {
        observe({ at: 'trouble', about: path, text: `${text}. ${mend}; until then all goes on as it was` })
      }
      return { faults: found.faults }
    }
    current = found.config
    try {
      await service.reload(found.config)
      return { faults: [] }
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      observe({ at: 'trouble', about: file, text })
      return { faults: [{ path: file, text, mend: 'The log tells more' }] }
    }
  }

  const stop = watchFiles({
    files: () => current.secrets,
    clock,
    changed(files) {
      observe({ at: 'notice', about: file, text: `${files.join(', ')} changed and is read again` })
      // An edit of the configuration itself may be half done: it counts when the operator says so.
      void reload(read({ file, text: current.text }))
    },
  })

  return Object.freeze({
    all: () => reload(read({ file })),
    current: () => current,
    stop,
  })
}
