/**
 * A test push service for Mattermost beside `simulate --serve`: this program itself, with throw-away keys, before push services where every device
 * lives. A Mattermost server is pointed at it and hears OK; what a phone would have got is shown.
 */
import { join } from 'node:path'
import { type Clock } from '../clock'
import { readConfig } from '../config'
import { tell as spellFault } from '../config/fault'
import { startService, type Service } from '../service'
import { type ServiceLog } from './simulate-log'
import { openMattermostStage, type Received } from './simulate-stage'

export interface TestPushService {
  /** What `EmailSettings.PushNotificationServer` is to be. */
  readonly url: string
  close(): Promise<void>
}

export interface TestPushServiceOptions {
  readonly folder: string
  readonly clock: Clock
  /** Hears what the service says. */
  readonly observe: ServiceLog['observe']
  /** Called for each push that a push service gets, with its device's token. */
  readonly tell: (received: Received, token: string) => void
}

/** Where Mattermost's own push proxy listens. */
const PORT = 8066

async function startAt(
  port: number,
  { folder, clock, observe, tell }: TestPushServiceOptions,
): Promise<TestPushService> {
  const stage = await openMattermostStage({ folder: join(folder, `mattermost-${port}`), port, tell })
  let service: Service
  try {
    const read = readConfig({ file: stage.configFile, env: {} })
    if (read.is === 'faults') throw new Error(read.faults.map(spellFault).join('\n'))
    service = await startService(read.config, { observe, clock })
  } catch (error) {
    await stage.close()
    throw error
  }
  return Object.freeze({
    url: service.urls[0] ?? '',
    async close() {
      await service.stop('the simulation ends')
      await stage.close()
    },
  })
}

/** Starts it, at the port of Mattermost's push proxy where that is free. */
export async function startTestPushService(options: TestPushServiceOptions): Promise<TestPushService> {
  try {
    return await startAt(PORT, options)
  } catch (error) {
    if (!/another program listens there/.test(String(error))) throw error
    return startAt(0, options)
  }
}
