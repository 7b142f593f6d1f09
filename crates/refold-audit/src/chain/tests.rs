mod keys;
mod orders;
mod rules;
