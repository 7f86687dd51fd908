/** An app as the intake sees it: what it offers, what it may keep, what an address of it looks like. */
import { type OfferedApp } from '../dialects/dialect'
import { type Match } from '../model/match'
import { type Content, type Notification } from '../model/notification'

export interface DoorApp extends OfferedApp {
  /** The address as it is stored, or undefined for what can't be one. */
  address(raw: string): string | undefined
  /** Why a normalised address must not be registered, as the network tells; see `Provider`. */
  readonly whyNot?: (address: string) => Promise<string | undefined>
  readonly keeps: {
    readonly sender: boolean
    readonly body: boolean
    readonly encrypted: boolean
    readonly extras?: boolean
  }
  /** By it, requests that name no app find theirs. */
  readonly match?: Match
  rings(content: Content, hasCallAddress: boolean): boolean
  collapseKey(notification: Omit<Notification, 'collapseKey'>): string | undefined
}

export type DoorApps = ReadonlyMap<string, DoorApp>
