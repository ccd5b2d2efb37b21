/** Names of sensor types by number, from 0x01 on. IPMI 2.0 §42.2, table 42-3 */
const names = [
  'Temperature',
  'Voltage',
  'Current',
  'Fan',
  'Physical Security',
  'Platform Security',
  'Processor',
  'Power Supply',
  'Power Unit',
  'Cooling Device',
  'Other Units-based Sensor',
  'Memory',
  'Drive Slot',
  'POST Memory Resize',
  'System Firmware Progress',
  'Event Logging Disabled',
  'Watchdog 1',
  'System Event',
  'Critical Interrupt',
  'Button',
  'Module/Board',
  'Microcontroller',
  'Add-in Card',
  'Chassis',
  'Chip Set',
  'Other FRU',
  'Cable/Interconnect',
  'Terminator',
  'System Boot Initiated',
  'Boot Error',
  'OS Boot',
  'OS Stop/Shutdown',
  'Slot/Connector',
  'System ACPI Power State',
  'Watchdog 2',
  'Platform Alert',
  'Entity Presence',
  'Monitor ASIC',
  'LAN',
  'Management Subsystem Health',
  'Battery',
  'Session Audit',
  'Version Change',
  'FRU State',
] as const;

/** Numbers of the sensor types that code asks for. IPMI 2.0 §42.2, table 42-3 */
export const sensorType = {
  temperature: 0x01,
  voltage: 0x02,
  fan: 0x04,
  processor: 0x07,
  powerSupply: 0x08,
  powerUnit: 0x09,
  memory: 0x0c,
  criticalInterrupt: 0x13,
  button: 0x14,
  systemBoot: 0x1d,
  osStop: 0x20,
  acpiPowerState: 0x22,
  watchdog2: 0x23,
} as const;

/** Name of a sensor type (8 bits); numbers without one show in hex. IPMI 2.0 §42.2, table 42-3 */
export function sensorTypeName(type: number): string {
  const hex = `0x${type.toString(16).padStart(2, '0')}`;
  if (type >= 0xc0) return `OEM sensor ${hex}`;
  return names[type - 1] ?? `Sensor type ${hex}`;
}
