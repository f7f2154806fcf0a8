//! The graph of schema versions: nodes are versions, edges are migrations.
//!
//! A linear folder gives a path. Declared parents and git branches give more: several heads, or a
//! cycle, which is an error. Releases are pinned to nodes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::error::{Error, Result};

/// Schema versions and the migrations between them.
///
/// The version that migration `i` makes is node `i + 1`; node 0 is the schema before the first.
#[derive(Debug, Clone)]
pub struct VersionGraph {
    graph: DiGraph<String, usize>,
    releases: Vec<(String, NodeIndex)>,
}

/// A migration as the way from one version to the one that it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Way {
    /// The migration that makes the version before it; `None` is the empty schema.
    pub from: Option<usize>,
    /// The migration, and so the version that it leads to.
    pub migration: usize,
}

impl VersionGraph {
    /// A path: each migration follows the one before it.
    pub fn linear<'a>(versions: impl IntoIterator<Item = &'a str>) -> Self {
        let mut graph = DiGraph::new();
        let mut last = graph.add_node(String::new());
        for (migration, version) in versions.into_iter().enumerate() {
            let next = graph.add_node(version.to_owned());
            graph.add_edge(last, next, migration);
            last = next;
        }
        VersionGraph {
            graph,
            releases: Vec::new(),
        }
    }

    /// Migrations that declare what they follow, by index; none means the empty schema.
    pub fn with_parents<'a>(migrations: impl IntoIterator<Item = (&'a str, &'a [usize])>) -> Self {
        let mut graph = DiGraph::new();
        let root = graph.add_node(String::new());
        let migrations: Vec<(&str, &[usize])> = migrations.into_iter().collect();
        let nodes: Vec<NodeIndex> = migrations
            .iter()
            .map(|(version, _)| graph.add_node((*version).to_owned()))
            .collect();
        for (migration, (_, parents)) in migrations.iter().enumerate() {
            if parents.is_empty() {
                graph.add_edge(root, nodes[migration], migration);
            }
            for parent in *parents {
                if let Some(parent) = nodes.get(*parent) {
                    graph.add_edge(*parent, nodes[migration], migration);
                }
            }
        }
        VersionGraph {
            graph,
            releases: Vec::new(),
        }
    }

    /// The order in which the migrations run: parents first, otherwise the tool's own order.
    ///
    /// # Errors
    ///
    /// [`Error::Cycle`] with the migrations that wait for each other.
    pub fn run_order(&self) -> Result<Vec<usize>> {
        let mut waiting: Vec<usize> = self
            .graph
            .node_indices()
            .map(|node| {
                self.graph
                    .neighbors_directed(node, Direction::Incoming)
                    .count()
            })
            .collect();
        let mut ready: BinaryHeap<Reverse<NodeIndex>> = self
            .graph
            .node_indices()
            .filter(|node| waiting[node.index()] == 0)
            .map(Reverse)
            .collect();
        let mut order = Vec::with_capacity(self.graph.node_count());
        while let Some(Reverse(node)) = ready.pop() {
            if node.index() > 0 {
                order.push(node.index() - 1);
            }
            for next in self.graph.neighbors(node) {
                waiting[next.index()] -= 1;
                if waiting[next.index()] == 0 {
                    ready.push(Reverse(next));
                }
            }
        }
        if order.len() + 1 == self.graph.node_count() {
            return Ok(order);
        }
        let names = self
            .graph
            .node_indices()
            .filter(|node| waiting[node.index()] > 0)
            .map(|node| self.graph[node].clone())
            .collect();
        Err(Error::Cycle { names })
    }

    /// The versions that nothing follows; a healthy project has one.
    pub fn heads(&self) -> Vec<&str> {
        self.graph
            .externals(Direction::Outgoing)
            .map(|node| self.graph[node].as_str())
            .collect()
    }

    /// The versions that nothing follows, by the migration that makes them; `None` is the empty
    /// schema, where there is no migration at all.
    pub fn head_migrations(&self) -> Vec<Option<usize>> {
        self.graph
            .externals(Direction::Outgoing)
            .map(|node| node.index().checked_sub(1))
            .collect()
    }

    /// Every migration as a way from one version to another, ordered by where it leads and from
    /// where. One that follows several others is several ways.
    pub fn ways(&self) -> Vec<Way> {
        let mut out: Vec<Way> = self
            .graph
            .edge_references()
            .map(|edge| Way {
                from: edge.source().index().checked_sub(1),
                migration: *edge.weight(),
            })
            .collect();
        out.sort_by_key(|way| (way.migration, way.from));
        out.dedup();
        out
    }

    /// The migrations on the way from one version to another, neither end's predecessors included:
    /// what a database at `from` still lacks to be at `to`. Versions are given by the migration
    /// that makes them; `None` is the empty schema.
    pub fn between(&self, from: Option<usize>, to: Option<usize>) -> Vec<usize> {
        let mut lacking = self.ancestors(to);
        for (node, applied) in self.ancestors(from).into_iter().enumerate() {
            if applied {
                lacking[node] = false;
            }
        }
        lacking
            .iter()
            .enumerate()
            .filter(|(node, lacks)| **lacks && *node > 0)
            .map(|(node, _)| node - 1)
            .collect()
    }

    fn ancestors(&self, of: Option<usize>) -> Vec<bool> {
        let mut seen = vec![false; self.graph.node_count()];
        let mut pending = vec![NodeIndex::new(of.map_or(0, |migration| migration + 1))];
        while let Some(node) = pending.pop() {
            if node.index() < seen.len() && !seen[node.index()] {
                seen[node.index()] = true;
                pending.extend(
                    self.graph
                        .edges_directed(node, Direction::Incoming)
                        .map(|edge| edge.source()),
                );
            }
        }
        seen
    }

    /// Pins a release to the version that a migration makes; `None` is the empty schema.
    pub fn pin(&mut self, release: &str, version: Option<usize>) {
        let node = NodeIndex::new(version.map_or(0, |migration| migration + 1));
        self.releases.push((release.to_owned(), node));
    }

    /// The oldest release, in the order pinned, that `works` on the version that a migration makes.
    pub fn floor(&self, works: impl Fn(&str) -> bool) -> Option<&str> {
        let mut releases: Vec<&(String, NodeIndex)> = self.releases.iter().collect();
        releases.sort_by_key(|(_, node)| *node);
        releases
            .into_iter()
            .map(|(release, _)| release.as_str())
            .find(|release| works(release))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_a_path() {
        let graph = VersionGraph::linear(["1", "2", "3"]);
        assert_eq!(graph.run_order().unwrap(), [0, 1, 2]);
        assert_eq!(graph.heads(), ["3"]);
        assert_eq!(graph.between(Some(0), Some(2)), [1, 2]);
        assert_eq!(graph.between(None, Some(0)), [0]);
        assert_eq!(graph.between(Some(2), Some(2)), [0_usize; 0]);
    }

    #[test]
    fn parents_run_first_and_ties_keep_the_tools_order() {
        let graph = VersionGraph::with_parents([
            ("a", [2].as_slice()),
            ("b", [].as_slice()),
            ("c", [].as_slice()),
        ]);
        assert_eq!(graph.run_order().unwrap(), [1, 2, 0]);
        assert_eq!(graph.heads(), ["a", "b"]);
        assert_eq!(graph.between(Some(1), Some(0)), [0, 2]);
    }

    #[test]
    fn each_migration_is_a_way_from_each_of_its_parents() {
        let graph = VersionGraph::with_parents([
            ("a", [].as_slice()),
            ("b", [0].as_slice()),
            ("c", [0].as_slice()),
            ("d", [2, 1].as_slice()),
        ]);
        let ways: Vec<(Option<usize>, usize)> = graph
            .ways()
            .into_iter()
            .map(|way| (way.from, way.migration))
            .collect();
        assert_eq!(
            ways,
            [
                (None, 0),
                (Some(0), 1),
                (Some(0), 2),
                (Some(1), 3),
                (Some(2), 3)
            ]
        );
        assert_eq!(graph.head_migrations(), [Some(3)]);
        assert_eq!(VersionGraph::linear([]).head_migrations(), [None]);
    }

    #[test]
    fn a_cycle_is_named() {
        let graph = VersionGraph::with_parents([
            ("a", [1].as_slice()),
            ("b", [0].as_slice()),
            ("c", [].as_slice()),
        ]);
        let error = graph.run_order().unwrap_err();
        assert_eq!(error.to_string(), "migrations form a cycle: a -> b");
    }

    #[test]
    fn the_floor_is_the_oldest_release_that_works() {
        let mut graph = VersionGraph::linear(["1", "2"]);
        graph.pin("v2", Some(1));
        graph.pin("v1", Some(0));
        assert_eq!(graph.floor(|_| true), Some("v1"));
        assert_eq!(graph.floor(|release| release == "v2"), Some("v2"));
        assert_eq!(graph.floor(|_| false), None);
    }
}
