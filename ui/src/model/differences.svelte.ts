// How differences are shown in all views, as a person has set it.

export const differences = $state({ isSideBySide: false, isWhole: false });
