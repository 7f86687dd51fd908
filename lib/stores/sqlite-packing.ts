/** What was handed in, as the messages to the store's thread carry it. Knows neither when they leave nor what comes of them. */
import { type Delivery } from '../model/notification'
import { type Parcel } from './sqlite-parcel'
import { type Asked, type Batch, type Field, type Finding, type Reading } from './sqlite-protocol'
import { pushPut, pushSettled, saysAll } from './sqlite-rows'

export function packed(parcels: readonly Parcel[]): Pick<Batch, 'asked' | 'puts' | 'delivered' | 'settled'> {
  const puts: Field[] = []
  const delivered: string[] = []
  const settled: Field[] = []
  const asked: Asked[] = []
  for (const parcel of parcels) {
    if (parcel.of === 'put') for (const delivery of parcel.deliveries) pushPut(puts, delivery)
    else if (parcel.of === 'settle') {
      for (const settlement of parcel.settlements) {
        if (saysAll(settlement)) delivered.push(settlement.id)
        else pushSettled(settled, settlement)
      }
    } else asked.push(parcel.asked)
  }
  return { asked, puts, delivered, settled }
}

/** Undefined where one of them is more than a question. */
export function packedAsReading(parcels: readonly Parcel[]): Reading | Finding | undefined {
  const [only] = parcels
  // With nearly every push whose node is not remembered: as little as can be.
  if (parcels.length === 1 && only?.of === 'read' && only.asked.what === 'find') return only.asked.ask
  const reading: Asked[] = []
  for (const parcel of parcels) {
    if (parcel.of !== 'read') return undefined
    reading.push(parcel.asked)
  }
  return { reading }
}

/** Those that were handed to the claim as they were put; `letters` as in `Done.puts`. */
export function freshOf(parcels: readonly Parcel[], letters: string): readonly Delivery[] {
  if (!letters.includes('c')) return []
  const fresh: Delivery[] = []
  let put = 0
  for (const parcel of parcels) {
    if (parcel.of !== 'put') continue
    for (const delivery of parcel.deliveries) if (letters[put++] === 'c') fresh.push(delivery)
  }
  return fresh
}
