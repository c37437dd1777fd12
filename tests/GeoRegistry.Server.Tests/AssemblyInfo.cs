// Each test has server processes of its own and several measure them: side by side they would measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
