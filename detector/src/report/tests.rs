mod oracle;
mod page;
mod shown;
