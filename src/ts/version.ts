// Which Hawser this is: a rule holds it against package.json.

export const VERSION = "0.1.0";
