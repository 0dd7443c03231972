"""The hosts for ROS 2: lifecycle nodes on rclpy."""
