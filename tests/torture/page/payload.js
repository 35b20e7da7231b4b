// What a numbered message carries: the number, and some filling so that packets are of different sizes.

export const payload = (number) => `${number} ${"x".repeat(Math.abs(number * 37) % 300)}`;
