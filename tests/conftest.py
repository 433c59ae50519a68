"""What several tests share; its place puts this folder on the path, for `import made_up_study`."""
