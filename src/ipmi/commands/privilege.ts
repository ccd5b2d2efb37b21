/** Session privilege levels. IPMI 2.0 §22.18, table 22-17 */
export const privilegeLevel = { user: 2, operator: 3, administrator: 4 } as const;
