//! Whether `docs/deployment.md` shows the files that tests read and readers copy.

use std::fs;

use super::root;

#[test]
fn the_guide_to_deployment_shows_each_file() {
    let guide = fs::read_to_string(root().join("docs/deployment.md")).unwrap();
    let folder = fs::read_dir(root().join("docs/deployment")).unwrap();
    for entry in folder {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let shown = format!("\n{}```\n", fs::read_to_string(&path).unwrap());
        assert!(guide.contains(&shown), "docs/deployment.md does not show {name} as it is");
        assert!(guide.contains(&format!("`deployment/{name}`")), "docs/deployment.md does not name {name}");
    }
}
